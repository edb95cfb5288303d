"""Messages between the function and its decoder: JSON, bytes, and at most one open file, on a Unix socket."""

import json
import socket
import struct
import time
from typing import Any, Final

_LENGTHS: Final = struct.Struct(">II")  # of the JSON, of the bytes
MAX_JSON: Final = 16 * 1024 * 1024
MAX_BYTES: Final = 64 * 1024 * 1024


class ConnectionLostError(Exception):
    """The other side has gone, or talks nonsense."""


def send(
    connection: socket.socket,
    said: dict[str, Any],
    body: bytes = b"",
    *,
    file: int | None = None,
    deadline: float | None = None,
) -> None:
    """Send a message; `file` is a descriptor that the other side gets a copy of.

    Raises TimeoutError at the deadline (of time.monotonic), ConnectionLostError where nobody takes the message.
    """
    text = json.dumps(said).encode()
    start = _LENGTHS.pack(len(text), len(body))
    _set_timeout(connection, deadline)
    try:
        sent = socket.send_fds(connection, [start], [] if file is None else [file])
        connection.sendall(start[sent:] + text)
        if body:  # an empty one would fail where the other side has read all, answered and gone
            connection.sendall(body)
    except ConnectionError as error:
        raise ConnectionLostError(f"nobody took the message: {error}") from error


def receive(connection: socket.socket, deadline: float | None = None) -> tuple[dict[str, Any], bytes, int | None]:
    """Return the next message: what is said, bytes, and the descriptor of the file that came with it.

    Raises TimeoutError at the deadline (of time.monotonic), ConnectionLostError where no whole message comes.
    """
    _set_timeout(connection, deadline)
    try:
        start, files, _, _ = socket.recv_fds(connection, _LENGTHS.size, 1)
        start += _exactly(connection, _LENGTHS.size - len(start), deadline) if start else b""
        if not start:
            raise ConnectionLostError("the other side has gone")
        text_length, body_length = _LENGTHS.unpack(start)
        if text_length > MAX_JSON or body_length > MAX_BYTES:
            raise ConnectionLostError(f"a message of {text_length:,} and {body_length:,} bytes")
        said = json.loads(_exactly(connection, text_length, deadline))
        return said, _exactly(connection, body_length, deadline), files[0] if files else None
    except (ConnectionError, ValueError, RecursionError) as error:
        raise ConnectionLostError(f"no message came: {error}") from error


def _exactly(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        _set_timeout(connection, deadline)
        part = connection.recv(min(size - len(data), 1024 * 1024))
        if not part:
            raise ConnectionLostError("the other side has gone in the middle of a message")
        data += part
    return bytes(data)


def _set_timeout(connection: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    connection.settimeout(left)
