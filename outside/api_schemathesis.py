#!/usr/bin/env python3
"""Lets schemathesis make up requests from /openapi.json and holds the answers against it, once as each role: no 5xx, nothing undocumented.

Run: python3 outside/api_schemathesis.py [CASES [ROLES]]   at least so many cases in all, 20,000 unless said, and so many roles at a time, 2 unless said.

The cases that are made from the description alone ("coverage") are some 2,500 for each role. With 20,000 or more asked for, 400 and more are made up at random
and in sequences besides; that takes about six minutes on two cores with a debug build. With fewer, one random case for each operation is enough.
schemathesis is installed into target/outside on the first run. Reports of failures are kept there.
"""

import os
import pathlib
import re
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor

from program import ROOT, Program

VERSION = "4.32.5"
HOME = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "outside"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
#: Getting out would end the session that asks. Each is tried by tests of its own.
LEFT_OUT = ["auth_logout", "auth_end_session", "auth_change_password"]
#: Random cases for each operation, and sequences, in the first run of a role.
EXAMPLES = 10
#: A role of the demonstration and whoever has it.
ROLES = {
    "anonymous": None,
    "visitor": None,
    "agent": "lin.xiao",
    "supervisor": "he.jing",
    "customer manager": "li.wenbo",
    "system administrator": "wu.hao",
    "security administrator": "zheng.jie",
    "audit administrator": "shen.lan",
}


def schemathesis():
    """The tool's path; installed when missing."""
    tool = HOME / "venv/bin/schemathesis"
    if not tool.exists():
        venv.create(HOME / "venv", with_pip=True, clear=True)
        subprocess.run([HOME / "venv/bin/pip", "install", "--quiet", f"schemathesis=={VERSION}"], check=True)
    return tool


def credentials(program, role):
    """Headers; with the bench token alone one would be whoever made it, so anonymous callers keep their limits."""
    if role == "anonymous":
        return []
    token = program.visitor() if role == "visitor" else program.staff(ROLES[role])
    return ["--header", f"Authorization: Bearer {token}", "--header", f"X-Yingda-Bench: {program.bench}"]


def check(program, tool, role, examples):
    """Runs all phases as one role; answers how many cases there were and whether all was well."""
    command = [tool, "run", f"{program.url}/openapi.json", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing,stateful"]
    command += ["--max-examples", str(examples), "--continue-on-failure", "--no-shrink", "--warnings", "off"]
    command += ["--generation-database", "none", "--suppress-health-check", "all"]
    command += ["--header", "X-Yingda-Client: outside"]
    command += credentials(program, role)
    for operation in LEFT_OUT:
        command += ["--exclude-operation-id", operation]
    result = subprocess.run(command, capture_output=True, text=True, cwd=HOME)
    said = result.stdout + result.stderr
    (HOME / f"{role.replace(' ', '-')}.log").write_text(said)
    cases = re.search(r"(\d+) generated", said)
    return int(cases.group(1)) if cases else 0, result.returncode == 0, said


def play(tool, role, share, examples):
    """As one role until it has had its share of cases; each run on a program of its own, for administrators lock each other out."""
    had = 0
    while True:
        with Program() as program:
            cases, is_well, said = check(program, tool, role, examples)
        had += cases
        if not is_well:
            print(f"{role}:\n{said[-6000:]}")
        if had >= share or not is_well or not cases:
            print(f"{role}: {had} cases", flush=True)
            return had, is_well
        # One run is a coverage pass and so many examples for each operation.
        examples = max(examples + 1, round(examples * min(8, (share - had) / cases)))


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    tool = schemathesis()
    examples = EXAMPLES if wanted >= 20_000 else 1
    with ThreadPoolExecutor(at_once) as pool:
        # A role that has fewer operations makes fewer cases: each has its share by itself.
        played = list(pool.map(lambda role: play(tool, role, wanted / len(ROLES), examples), ROLES))
    total, failed = sum(cases for cases, _ in played), [role for role, (_, is_well) in zip(ROLES, played) if not is_well]
    print(f"{total} cases in all{''.join(f', {role} failed' for role in failed)}\n# pass {len(ROLES) - len(failed)}\n# fail {len(failed)}")
    return bool(failed) or total < wanted


if __name__ == "__main__":
    sys.exit(main())
