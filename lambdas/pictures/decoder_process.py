"""The process that decodes: it has no credentials, little memory and little time, and may die of any picture.

It answers one request after the other until the function closes the connection:
{"do": "normalise", "format"} with a file -> {"width", "height", "changes"} and a JPEG; with "side" and "most_bytes"
within those
{"do": "annotate", "labels"} with a file -> {} and a JPEG
or, where the picture can never be read, {"error_code", "message"}.
"""

import os
import socket
import warnings
from typing import Any, BinaryIO

from PIL import Image

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.annotating import annotated
from lambdas.pictures.confinement import allow_seconds, limit
from lambdas.pictures.framing import ConnectionLostError, receive, send
from lambdas.pictures.limits import MAX_REQUEST_BYTES, MAX_SIDE
from lambdas.pictures.normalising import normalised


def serve(connection_file: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Answer until the function hangs up."""
    limit(memory_bytes)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # ours is checked before anything is decoded
    with socket.socket(fileno=connection_file) as connection:
        send(connection, {"ready": True})
        while True:
            try:
                said, _, file = receive(connection)
            except ConnectionLostError:
                return
            if file is None:
                return
            allow_seconds(cpu_seconds)
            with os.fdopen(file, "rb") as opened:
                answer, body = _answer(said, opened)
            send(connection, answer, body)


def _answer(said: dict[str, Any], file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    try:
        if said["do"] == "annotate":
            return {}, annotated(file, said["labels"])
        picture = normalised(
            file, said["format"], side=said.get("side", MAX_SIDE), most_bytes=said.get("most_bytes", MAX_REQUEST_BYTES)
        )
        return {"width": picture.width, "height": picture.height, "changes": picture.changes}, picture.content
    except PermanentError as error:
        return {"error_code": error.code.value, "message": error.message}, b""
    except MemoryError:
        message = "The image needs more memory to decode than the function has. Shrink it, or save it as JPEG."
        return {"error_code": ErrorCode.TOO_MANY_PIXELS.value, "message": message}, b""
