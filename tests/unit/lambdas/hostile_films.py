"""Decoding processes of videos that do what a video may do to them: `VideoDecoder(module=...)` runs one."""

import os
import signal
import socket
import struct
import time
from typing import Any

from lambdas.pictures.confinement import limit
from lambdas.pictures.framing import receive, send

FRAME = b"\xff\xd8 a picture"
FILM = {"millis": 1000, "frame_rate": 10.0, "width": 96, "height": 64}
# What no decoder that keeps to its settings says, by the word that makes it say so.
LIES: dict[bytes, list[tuple[dict[str, Any], bytes]]] = {
    b"many": [({"at": at_ms}, FRAME) for at_ms in range(9)],
    b"back": [({"at": 500}, FRAME), ({"at": 400}, FRAME)],
    b"twice": [({"at": 500}, FRAME), ({"same_until": 500}, b"")],
    b"before": [({"at": -1}, FRAME)],
    b"late": [({"at": 6002}, FRAME)],
    b"later": [({"at": 0}, FRAME), ({"same_until": 6002}, b"")],
    b"large": [({"at": 0}, bytes(16 * 1024 * 1024 + 1))],
    b"empty": [({"at": 0}, b"")],
    b"same": [({"same_until": 0}, b"")],
    b"none": [(FILM, b"")],
    b"short": [({"at": 1001}, FRAME), (FILM, b"")],
    b"long": [({"at": 0}, FRAME), (FILM | {"millis": 10**9}, b"")],
    b"rate": [({"at": 0}, FRAME), (FILM | {"frame_rate": 0.0}, b"")],
    b"side": [({"at": 0}, FRAME), (FILM | {"width": 10**9}, b"")],
    b"word": [({"at": "0"}, FRAME)],
    b"nothing": [({}, b"")],
    b"code": [({"error_code": "ALL_IS_WELL", "message": "x"}, b"")],
}


def serve(connection_file: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Obey the word that the file is."""
    limit(memory_bytes)
    with socket.socket(fileno=connection_file) as connection:
        send(connection, {"ready": True})
        _, _, file = receive(connection)
        assert file is not None
        word = os.read(file, 8)
        for said, body in LIES.get(word, []):
            send(connection, said, body)
        if word == b"die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if word == b"hang":
            time.sleep(600)
        if word == b"eat":
            bytearray(memory_bytes)
        if word == b"deep":
            connection.sendall(struct.pack(">II", 10**6, 0) + b"[" * 10**6)
        if word == b"talk":
            send(connection, {"error_code": "CORRUPT_VIDEO", "message": "x" * 10**6})
        if word == b"secret":
            held = [name for name in os.environ if name.startswith("AWS_")]
            send(connection, {"error_code": "CORRUPT_VIDEO", "message": f"credentials: {held}"})
