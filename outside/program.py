"""A demonstration program of its own for the checks of this folder: started on a free port and an empty directory, ended afterwards."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("YINGDA_BIN") or str(pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/yingda")
#: Of the demonstration's site.
SITE = "demo"
#: Making the demonstration takes a while on a busy machine.
READY_WITHIN_S = 120


class Program:
    """`with Program() as program:` … `program.url`, `program.port`, `program.passwords`. Its data lie in `data`, else in a folder of its own."""

    def __init__(self, data=None):
        self.data = data

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yingda-outside."))
        self.data = self.data or self.folder / "data"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(self.folder / "log", "wb")
        self.start()
        rows = (line.split() for line in (self.data / "demo-accounts.txt").read_text().splitlines() if line.strip())
        self.passwords = {row[0]: row[1] for row in rows}
        token = self.folder / "token"
        self.run("admin", "token", str(token))
        #: Lifts the rate limits of whoever sends it.
        self.bench = token.read_text().strip()
        return self

    def start(self):
        """Also again, on the port and data it had; returns when it is ready."""
        command = [BINARY, "serve", "--demo", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, "LANG": "C.UTF-8"})
        for line in self.child.stdout:
            if line.startswith("Yingda is ready:"):
                return
        raise RuntimeError(f"{' '.join(command)} ended: {(self.folder / 'log').read_text()}")

    def stop(self):
        """In order; answers the exit status."""
        self.child.terminate()
        return self.child.wait(30)

    def run(self, *command):
        """Another command on the same data; answers what it prints."""
        result = subprocess.run([BINARY, *command, "--data", str(self.data)], check=True, capture_output=True, text=True)
        return result.stdout

    def __exit__(self, *_):
        self.stop()
        self.log.close()
        shutil.rmtree(self.folder)

    def call(self, method, path, body=None, token=None, headers=None):
        """Status, headers and JSON of the answer, whatever the status."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        own = {"Content-Type": "application/json", "X-Yingda-Client": "outside", "X-Yingda-Bench": self.bench}
        if token:
            own["Authorization"] = f"Bearer {token}"
        if method != "GET":
            own["Idempotency-Key"] = os.urandom(8).hex()
        for name, value in {**own, **(headers or {})}.items():
            request.add_header(name, value)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text[:1] in (b"{", b"[") else text

    def post(self, path, body):
        """The answer's JSON; an error status raises."""
        status, _, answer = self.call("POST", path, body)
        if status >= 300:
            raise RuntimeError(f"{path}: {status} {answer}")
        return answer

    def visitor(self):
        """A new device's token."""
        return self.post("/api/v1/visit/token", {"site": SITE})["token"]

    def staff(self, login):
        """A session of a demonstration account, as bearer."""
        return self.post("/api/v1/auth/login", {"login": login, "password": self.passwords[login], "bearer": True})["token"]
