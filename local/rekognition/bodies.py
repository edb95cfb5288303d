"""Read the body of an HTTP request, of the length that it names or in chunks, in bounded time and memory."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import Message
from io import BufferedIOBase
from typing import Final

from local.rekognition.errors import ServiceError

# Bytes. No operation takes more than 7 MB (the largest image as base64); what is larger but can be told what is wrong
# with it is kept, one at a time; what is larger still is read and dropped, so that its sender gets to hear the answer.
_LARGE: Final = 8 * 1024**2
_MOST_KEPT: Final = 32 * 1024**2
_MOST_READ: Final = 256 * 1024**2
_SECONDS: Final = 60.0  # for one body, however steadily it drips
_PIECE: Final = 64 * 1024
_LONGEST_LINE: Final = 8192  # of chunks' sizes and trailers
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_turn: Final = threading.Lock()


@contextmanager
def body_of(headers: Message, stream: BufferedIOBase) -> Iterator[bytes]:
    """Give the body for as long as the request is answered: large ones take turns.

    Raises ServiceError for a body that is too large or badly framed (the connection is then of no more use),
    TimeoutError for one that takes too long.
    """
    kept, read = bytearray(), 0
    until = time.monotonic() + _SECONDS
    with ExitStack() as turn:
        for piece in _pieces(headers, stream):
            is_first_large = read <= _LARGE < read + len(piece)
            read += len(piece)
            if is_first_large:
                if not _turn.acquire(timeout=_SECONDS):
                    raise TimeoutError("other large requests take too long")
                turn.callback(_turn.release)
            if read <= _MOST_KEPT:
                kept += piece
            else:
                kept.clear()
            if read > _MOST_READ:
                raise _too_large()
            if time.monotonic() > until:
                raise TimeoutError(f"the body takes more than {_SECONDS:.0f} s")
        if read > _MOST_KEPT:
            raise _too_large()
        body = bytes(kept)
        kept.clear()  # the body is there once, not twice, while it is answered
        yield body


def _pieces(headers: Message, stream: BufferedIOBase) -> Iterator[bytes]:
    lengths = set(headers.get_all("Content-Length", []))
    coding = headers.get("Transfer-Encoding")
    if coding is not None:
        if coding.strip().lower() != "chunked" or lengths:
            raise _badly_framed("Send either Content-Length or Transfer-Encoding: chunked.")
        return _chunks(stream)
    if not lengths:
        return iter(())
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise _badly_framed("Content-Length is not one whole number.")
    if int(length) > _MOST_READ:
        raise _too_large()
    return _exactly(int(length), stream)


def _exactly(length: int, stream: BufferedIOBase) -> Iterator[bytes]:
    while length:
        piece = stream.read1(min(length, _PIECE))
        if not piece:
            raise _badly_framed("The body ends before its length is reached.")
        length -= len(piece)
        yield piece


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    """Give the chunks' contents; trailers are passed over."""
    while size := _chunk_size(stream):
        yield from _exactly(size, stream)
        if stream.readline(_LONGEST_LINE) not in (b"\r\n", b"\n"):
            raise _badly_framed("A chunk is not as long as it says.")
    while stream.readline(_LONGEST_LINE) not in (b"\r\n", b"\n", b""):
        yield b""  # the caller looks at the clock


def _chunk_size(stream: BufferedIOBase) -> int:
    found = _CHUNK_SIZE.fullmatch(stream.readline(_LONGEST_LINE))
    if found is None:
        raise _badly_framed("A chunk does not begin with its size.")
    return int(found[1], 16)


def _too_large() -> ServiceError:
    message = f"Send at most {_MOST_KEPT // 1024**2} MB in one request."
    return ServiceError("RequestEntityTooLargeException", message, 413)


def _badly_framed(message: str) -> ServiceError:
    return ServiceError("SerializationException", message)
