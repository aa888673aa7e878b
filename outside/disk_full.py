#!/usr/bin/env python3
"""Drill: the disk of a running program fills up, on a small loop volume of its own, and is freed again.

Writes are refused with a clear error, reading and logging in go on, all is well again within 10 s, and nothing acknowledged is lost or
doubled. Needs root for the volume. Run: python3 outside/disk_full.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from program import Program
from wire import TEXT, greeted

VOLUME_MB = 96
RECOVERED_WITHIN_S = 10
#: A full disk must be noticed after so many entries: until then they still fit into pages that the database has already.
ENTRIES = 20_000


class Volume:
    """An ext4 file system in a file, mounted."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yingda-volume."))
        image, self.mount = self.folder / "image", self.folder / "mount"
        self.mount.mkdir()
        with open(image, "wb") as file:
            file.truncate(VOLUME_MB << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(self.mount)], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", str(self.mount)], check=True)
        subprocess.run(["rm", "-r", str(self.folder)], check=True)

    @property
    def ballast(self):
        return self.mount / "ballast"

    def fill(self):
        """To the last byte."""
        with open(self.ballast, "ab", buffering=0) as file:
            size = 1 << 20
            while size:
                try:
                    file.write(b"x" * size)
                except OSError:
                    size //= 2
        os.sync()

    def free(self):
        self.ballast.unlink()
        os.sync()


class Talk:
    """A visitor's conversation and what of it was acknowledged."""

    def __init__(self, program):
        self.program = program
        self.token = program.visitor()
        status, _, answer = program.call("POST", "/api/v1/conversation", {"client_id": "drill"}, self.token)
        assert status == 201, answer
        self.id = answer["conversation"]["id"]
        self.acknowledged = []
        self.wire = greeted(program, self.token)

    def say(self):
        """One more entry: the answer's code, or None when it was acknowledged."""
        client_id = f"d{len(self.acknowledged)}"
        frame = {"v": 1, "type": "send", "conversation": self.id, "client_id": client_id, "kind": "text", "body": {"text": client_id * 100}}
        self.wire.send(TEXT, json.dumps(frame).encode())
        while True:
            _, payload = self.wire.until(TEXT)
            said = json.loads(payload)
            if said["type"] == "ack" and said["client_id"] == client_id:
                self.acknowledged.append(client_id)
                return None
            if said["type"] in ("error", "bye"):
                return said.get("code") or said["reason"]

    def come_back(self):
        self.wire = greeted(self.program, self.token)

    def stored(self):
        """The client ids of what is stored, in order."""
        held, found = 0, []
        while True:
            status, _, page = self.program.call("GET", f"/api/v1/conversation/{self.id}/entries?after={held}&limit=200", token=self.token)
            assert status == 200, page
            if not page["entries"]:
                return found
            held = page["entries"][-1]["seq"]
            found += [entry["client_id"] for entry in page["entries"] if entry["kind"] == "text"]


def say_until_refused(talk):
    for _ in range(ENTRIES):
        refusal = talk.say()
        if refusal:
            return refusal
    raise AssertionError("the disk is full and entries are still taken")


def drill(volume):
    data = volume.mount / "data"
    with Program(data) as program:
        talk = Talk(program)
        for _ in range(20):
            assert talk.say() is None

        volume.fill()
        refusal = say_until_refused(talk)
        print(f"ok      a full disk refuses an entry: {refusal}, after {len(talk.acknowledged) - 20} more were stored")
        status, headers, problem = program.call("POST", "/api/v1/conversation", {"client_id": "other"}, talk.token)
        assert (status, problem["code"]) == (503, "database.full") and int(headers["Retry-After"]) > 0, (status, problem)
        assert problem["title"], problem
        print(f"ok      a call is refused: {problem['title']}")
        picture = b"\x89PNG\r\n\x1a\n" + bytes(1000)
        status, _, problem = program.call("POST", f"/api/v1/file/images?conversation={talk.id}", picture, talk.token, {"Content-Type": "image/png"})
        assert status >= 400, problem
        assert program.call("GET", "/healthz")[0] == 200
        assert talk.stored() == talk.acknowledged, "reading goes on"
        print("ok      reading goes on")
        for _ in range(20):
            token = program.staff("lin.xiao")
            assert program.call("GET", "/api/v1/auth/me", token=token)[0] == 200
            assert program.call("POST", "/api/v1/auth/logout", {}, token)[0] < 300
        print("ok      logging in and out goes on")

        volume.free()
        from_ = time.monotonic()
        while True:
            talk.come_back()
            refusal = talk.say()
            took = time.monotonic() - from_
            if refusal is None:
                break
            assert took < RECOVERED_WITHIN_S, f"still refused with {refusal} after {took:.1f} s"
            time.sleep(0.2)
        assert took <= RECOVERED_WITHIN_S
        print(f"ok      recovered after {took:.1f} s")
        assert talk.stored() == talk.acknowledged

        # A start on a full disk says so, or serves; it never harms.
        volume.fill()
        program.stop()
        try:
            program.start()
            print("ok      it starts on a full disk")
        except RuntimeError as error:
            last = str(error).strip().splitlines()[-1]
            assert "磁盘" in last or "disk" in last.lower(), last
            print(f"ok      a start on a full disk is refused: {last}")
        volume.free()
        if program.child.poll() is not None:
            program.start()
        assert talk.stored() == talk.acknowledged, "nothing acknowledged is lost or doubled"
        program.stop()
        said = program.run("verify")
        print(f"ok      {len(talk.acknowledged)} acknowledged entries are there, once; {said.strip().splitlines()[-1]}")


if __name__ == "__main__":
    with Volume() as volume:
        drill(volume)
    sys.exit(0)
