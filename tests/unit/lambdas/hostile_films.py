"""Decoding processes of videos that do what a video may do to them: `VideoDecoder(module=...)` runs one."""

import os
import signal
import socket
import time

from lambdas.pictures.confinement import limit
from lambdas.pictures.framing import receive, send


def serve(connection_file: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Obey the word that the file is."""
    limit(memory_bytes)
    with socket.socket(fileno=connection_file) as connection:
        send(connection, {"ready": True})
        _, _, file = receive(connection)
        assert file is not None
        word = os.read(file, 8)
        if word == b"die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if word == b"hang":
            time.sleep(600)
        if word == b"eat":
            bytearray(memory_bytes)
        if word == b"secret":
            held = [name for name in os.environ if name.startswith("AWS_")]
            send(connection, {"error_code": "CORRUPT_VIDEO", "message": f"credentials: {held}"})
