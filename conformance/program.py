"""A demonstration program of its own for the checks of this folder: started on a free port and an empty directory, ended afterwards."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("YINGDA_BIN") or str(pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/yingda")
#: Of the demonstration's site.
SITE = "demo"
#: Making the demonstration takes a while on a busy machine.
READY_WITHIN_S = 120


class Program:
    """`with Program() as program:` … `program.url`, `program.port`, `program.passwords`."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yingda-conformance."))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        data = self.folder / "data"
        self.log = open(self.folder / "log", "wb")
        command = [BINARY, "serve", "--demo", "--data", str(data), "--listen", f"127.0.0.1:{self.port}"]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, "LANG": "C.UTF-8"})
        for line in self.child.stdout:
            if line.startswith("Yingda is ready:"):
                break
        else:
            raise RuntimeError(f"{' '.join(command)} ended: {(self.folder / 'log').read_text()}")
        rows = (line.split() for line in (data / "demo-accounts.txt").read_text().splitlines() if line.strip())
        self.passwords = {row[0]: row[1] for row in rows}
        token = self.folder / "token"
        subprocess.run([BINARY, "admin", "token", str(token), "--data", str(data)], check=True, stdout=subprocess.DEVNULL)
        #: Lifts the rate limits of whoever sends it.
        self.bench = token.read_text().strip()
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.status = self.child.wait(30)
        self.log.close()
        shutil.rmtree(self.folder)

    def post(self, path, body, headers=None):
        """The answer's JSON; an error status raises."""
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-Yingda-Client": "conformance", "X-Yingda-Bench": self.bench, **(headers or {})},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def visitor(self):
        """A new device's token."""
        return self.post("/api/v1/visit/token", {"site": SITE})["token"]

    def staff(self, login):
        """A session of a demonstration account, as bearer."""
        return self.post("/api/v1/auth/login", {"login": login, "password": self.passwords[login], "bearer": True})["token"]
