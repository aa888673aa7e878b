#!/usr/bin/env python3
"""Holds the socket of a running program against RFC 6455: the handshake, and what must follow each lawful and unlawful frame.

Speaks bytes, not a library, for a library would not let the wrong ones out. Run: python3 outside/socket_rfc6455.py
"""

import base64
import hashlib
import json
import struct
import sys

from program import Program
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Wire, greeted

PING_FRAME = json.dumps({"v": 1, "type": "ping", "n": 7}).encode()


# --- the handshake (section 4) ---
def accepts_a_lawful_handshake(program):
    status, fields, key = Wire(program.port).handshake()
    proof = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
    assert status == 101 and fields["upgrade"].lower() == "websocket" and "upgrade" in fields["connection"].lower(), (status, fields)
    assert fields["sec-websocket-accept"] == proof
    assert "sec-websocket-extensions" not in fields and "sec-websocket-protocol" not in fields, "nothing was offered"


def names_are_read_without_case(program):
    status, _, _ = Wire(program.port).handshake(Upgrade="WebSocket", Connection="keep-alive, UPGRADE")
    assert status == 101, status


def grants_no_extension_unasked_for(program):
    status, fields, _ = Wire(program.port).handshake(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    assert status == 101 and "sec-websocket-extensions" not in fields, fields


def refuses_without(*names):
    def check(program):
        for name in names:
            status, fields, _ = Wire(program.port).handshake(drop=(name,))
            assert 400 <= status < 500, (name, status)
            assert fields.get("content-type", "").startswith("application/problem+json"), fields

    check.__name__ = "refuses_an_incomplete_handshake"
    return check


def refuses_another_version(program):
    status, _, _ = Wire(program.port).handshake(Sec_WebSocket_Version="8")
    assert 400 <= status < 500, status


def refuses_another_origin(program):
    status, _, _ = Wire(program.port).handshake(Origin="https://evil.example")
    assert status == 403, status


# --- lawful frames (section 5) ---
def answers_a_ping_with_its_payload(program):
    wire = greeted(program)
    for payload in (b"", b"x", bytes(range(125))):
        wire.send(PING, payload)
        assert wire.until(PONG)[1] == payload


def bears_an_unasked_pong(program):
    wire = greeted(program)
    wire.send(PONG, b"nobody asked")
    wire.send(TEXT, PING_FRAME)
    assert wire.text("pong")["n"] == 7


def joins_fragments(program):
    wire = greeted(program)
    for at in range(len(PING_FRAME)):
        last = at == len(PING_FRAME) - 1
        wire.send(TEXT if at == 0 else CONTINUATION, PING_FRAME[at : at + 1], fin=last)
        if at == 3:
            wire.send(PING, b"between")
    assert wire.until(PONG)[1] == b"between"
    assert wire.text("pong")["n"] == 7


def joins_a_character_cut_in_two(program):
    wire = greeted(program)
    frame = json.dumps({"v": 1, "type": "ping", "n": 7, "x": "应答𠮷"}, ensure_ascii=False).encode()
    middle = frame.index("𠮷".encode()) + 2
    wire.send(TEXT, frame[:middle], fin=False)
    wire.send(CONTINUATION, frame[middle:])
    assert wire.text("pong")["n"] == 7


def takes_any_form_of_length(program):
    wire = greeted(program)
    for form in (2, 8):
        wire.send(TEXT, PING_FRAME, length_bytes=form)
        assert wire.text("pong")["n"] == 7


def takes_bytes_one_by_one(program):
    wire = greeted(program)
    real, sent = wire.socket, []
    wire.socket = type("Slow", (), {"sendall": lambda self, data: sent.append(data)})()
    wire.send(TEXT, PING_FRAME)
    wire.socket = real
    for byte in b"".join(sent):
        real.sendall(bytes([byte]))
    assert wire.text("pong")["n"] == 7


def refuses_binary_and_lives(program):
    wire = greeted(program)
    wire.send(BINARY, b"\x00\x01")
    assert wire.text("error")["code"] == "frame_malformed"
    wire.send(TEXT, PING_FRAME)
    assert wire.text("pong")["n"] == 7


def refuses_an_empty_message_and_lives(program):
    wire = greeted(program)
    wire.send(TEXT, b"")
    assert wire.text("error")["code"] == "frame_malformed"
    wire.send(TEXT, PING_FRAME)
    assert wire.text("pong")["n"] == 7


def answers_a_close(program):
    for payload in (b"", struct.pack("!H", 1000), struct.pack("!H", 1001) + "再见".encode(), struct.pack("!H", 3000), struct.pack("!H", 4999)):
        wire = greeted(program)
        wire.send(CLOSE, payload)
        code = wire.ended()
        assert code in (1005, 1000, struct.unpack("!H", payload[:2])[0] if payload else 1005), (payload, code)


# --- unlawful frames: the connection must fail (sections 5.1–5.5, 7, 8.1) ---
def fails(name, *codes):
    """A check that sends something and expects the end, with one of these codes if any is told."""

    def made(send):
        def check(program):
            wire = greeted(program)
            try:
                send(wire)
            except (BrokenPipeError, ConnectionResetError):
                pass
            code = wire.ended()
            assert code is None or code in codes, f"closed with {code}"
            return f"closed with {code}"

        check.__name__ = name
        return check

    return made


def with_payload(opcode, payload, **more):
    return lambda wire: wire.send(opcode, payload, **more)


def cut(*frames):
    def send(wire):
        for opcode, payload, fin in frames:
            wire.send(opcode, payload, fin=fin)

    return send


def endless(wire):
    wire.send(TEXT, b"x", fin=False)
    for _ in range(40):
        wire.send(CONTINUATION, b"x" * 65536, fin=False)


def huge_header(wire):
    wire.socket.sendall(bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 40) + b"mask")


UNLAWFUL = [
    fails("an_unmasked_frame", 1002)(with_payload(TEXT, PING_FRAME, masked=False)),
    *[fails(f"reserved_bit_{rsv}", 1002)(with_payload(TEXT, PING_FRAME, rsv=rsv)) for rsv in (1, 2, 4)],
    *[fails(f"reserved_opcode_{opcode:x}", 1002)(with_payload(opcode, b"x")) for opcode in (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)],
    fails("a_ping_of_126_bytes", 1002)(with_payload(PING, b"x" * 126)),
    fails("a_ping_cut_in_two", 1002)(with_payload(PING, b"x", fin=False)),
    fails("a_continuation_of_nothing", 1002)(with_payload(CONTINUATION, b"x")),
    fails("a_message_within_a_message", 1002)(cut((TEXT, b"a", False), (TEXT, b"b", True))),
    fails("text_that_is_not_utf8", 1007)(with_payload(TEXT, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80")),
    fails("text_cut_within_a_character", 1007)(with_payload(TEXT, "应".encode()[:2])),
    fails("fragments_that_are_not_utf8", 1007)(cut((TEXT, b"\xce", False), (CONTINUATION, b"\xff", True))),
    fails("a_close_of_one_byte", 1002)(with_payload(CLOSE, b"\x03")),
    *[fails(f"a_close_with_{code}", 1002)(with_payload(CLOSE, struct.pack("!H", code))) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 65535)],
    fails("a_close_whose_reason_is_not_utf8", 1002, 1007)(with_payload(CLOSE, struct.pack("!H", 1000) + b"\xff\xfe")),
    fails("a_message_of_more_than_a_mebibyte", 1009)(with_payload(TEXT, b"x" * (1 << 20) + b"xx")),
    fails("fragments_without_end", 1009)(endless),
    fails("a_length_of_a_tebibyte", 1009, 1002)(huge_header),
]

LAWFUL = [
    accepts_a_lawful_handshake,
    names_are_read_without_case,
    grants_no_extension_unasked_for,
    refuses_without("Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"),
    refuses_another_version,
    refuses_another_origin,
    answers_a_ping_with_its_payload,
    bears_an_unasked_pong,
    joins_fragments,
    joins_a_character_cut_in_two,
    takes_any_form_of_length,
    takes_bytes_one_by_one,
    refuses_binary_and_lives,
    refuses_an_empty_message_and_lives,
    answers_a_close,
]


def main():
    failed = 0
    with Program() as program:
        for check in LAWFUL + UNLAWFUL:
            try:
                note = check(program)
                print(f"ok      {check.__name__.replace('_', ' ')}{f': {note}' if note else ''}")
            except (AssertionError, OSError, EOFError, KeyError, ValueError) as error:
                failed += 1
                print(f"FAILED  {check.__name__.replace('_', ' ')}: {type(error).__name__} {error}")
        # Whatever was sent, everybody else is served as before.
        greeted(program)
    total = len(LAWFUL) + len(UNLAWFUL)
    print(f"# pass {total - failed}\n# fail {failed}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
