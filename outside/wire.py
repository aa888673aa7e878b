"""A WebSocket spoken byte by byte: also what no library would let out."""

import base64
import json
import os
import socket
import struct

PATH = "/api/v1/socket"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
WAIT_S = 20


class Wire:
    """One connection, byte by byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.buffer = b""
        self.port = port

    def handshake(self, drop=(), **change):
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        }
        headers.update({name.replace("_", "-"): value for name, value in change.items()})
        lines = [f"GET {PATH} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers.items() if name not in drop]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        fields = {line.split(":", 1)[0].strip().lower(): line.split(":", 1)[1].strip() for line in rest}
        return int(first.split()[1]), fields, key

    def fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError
        self.buffer += more

    def take(self, length):
        while len(self.buffer) < length:
            self.fill()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def send(self, opcode, payload=b"", fin=True, rsv=0, masked=True, length_bytes=None):
        first = (0x80 if fin else 0) | (rsv << 4) | opcode
        size, bit = len(payload), 0x80 if masked else 0
        kind = length_bytes or (0 if size < 126 else 2 if size < 65536 else 8)
        head = bytes([first]) + {
            0: lambda: bytes([bit | size]),
            2: lambda: bytes([bit | 126]) + struct.pack("!H", size),
            8: lambda: bytes([bit | 127]) + struct.pack("!Q", size),
        }[kind]()
        if masked:
            mask = os.urandom(4)
            body = int.from_bytes(payload, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
            payload = mask + body.to_bytes(size, "big")
        self.socket.sendall(head + payload)

    def frame(self):
        """The next frame: opcode, payload, and whether it kept the rules that bind a server."""
        first, second = self.take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        assert not second & 0x80, "a server must not mask"
        assert not first & 0x70, "reserved bits without an extension"
        assert first & 0x80 or first & 0xF < 8, "control frames are not cut"
        return first & 0xF, self.take(size)

    def until(self, *opcodes):
        while True:
            opcode, payload = self.frame()
            if opcode in opcodes:
                return opcode, payload

    def text(self, kind):
        """The next text frame of a type."""
        while True:
            _, payload = self.until(TEXT)
            frame = json.loads(payload.decode())
            if frame["type"] == kind:
                return frame

    def ended(self):
        """The code of the server's Close, or None when it just hung up; the connection must end either way."""
        code = None
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if payload else 1005
        except (EOFError, ConnectionResetError):
            return code


def greeted(program, token=None):
    """A connection that has said hello, as a new visitor unless a token says who."""
    wire = Wire(program.port)
    status, _, _ = wire.handshake()
    assert status == 101, status
    wire.send(TEXT, json.dumps({"v": 1, "type": "hello", "token": token or program.visitor()}).encode())
    wire.text("hello")
    return wire
