"""Decode pictures in a process of their own, so that none can take the function's memory, time or life."""

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

from lambdas.errors import ErrorCode, PermanentError
from lambdas.pictures.confinement import memory_left, start_confined
from lambdas.pictures.framing import ConnectionLostError, receive, send

SECONDS: Final = 20  # for one picture
_CPU_SECONDS: Final = 15  # of these, should nobody be left to wait
_START_SECONDS: Final = 20  # a cold start of a small function is slow

_MAX_DETAIL: Final = 1000  # characters of what a dying process wrote


class DecoderUnavailableError(RuntimeError):
    """The decoding process cannot be started: the function's fault, not an image's."""


@dataclass(frozen=True, kw_only=True)
class Normalised:
    """A picture as Rekognition takes it."""

    content: bytes  # JPEG
    width: int  # pixels of the original, upright
    height: int
    changes: list[str]  # what was done, in order


class Decoder:
    """The decoding process: started when first needed, and anew after a picture that it died of."""

    def __init__(
        self,
        *,
        memory_bytes: int | None = None,
        seconds: float = SECONDS,
        module: str = "lambdas.pictures.decoder_process",
    ) -> None:
        """`memory_bytes` is of address space, by default what the function leaves; the process runs module.serve."""
        self.turn = threading.RLock()  # one picture at a time: two would need twice the memory
        self._memory_bytes = memory_left(os.environ) if memory_bytes is None else memory_bytes
        self._seconds = seconds
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._log: IO[bytes] | None = None

    def normalise(self, file: BinaryIO, file_format: str) -> Normalised:
        """Return the picture upright, in 8-bit colour, as a JPEG that fits into a request.

        Raises PermanentError; DecoderUnavailableError.
        """
        return self._normalise({"format": file_format}, file)

    def shrink(self, file: BinaryIO, file_format: str, *, side: int, most_bytes: int) -> Normalised:
        """Return the picture within so many pixels a side and so many bytes; raise as `normalise` does."""
        return self._normalise({"format": file_format, "side": side, "most_bytes": most_bytes}, file)

    def annotate(self, file: BinaryIO, labels: list[dict[str, Any]]) -> bytes:
        """Return the picture as a JPEG with custom labels and their boxes drawn; raise as `normalise` does."""
        return self._ask({"do": "annotate", "labels": labels}, file)[1]

    def close(self) -> None:
        """End the process."""
        with self.turn:
            self._end()

    def _normalise(self, request: dict[str, Any], file: BinaryIO) -> Normalised:
        said, content = self._ask({"do": "normalise"} | request, file)
        return Normalised(content=content, width=said["width"], height=said["height"], changes=said["changes"])

    def _ask(self, request: dict[str, Any], file: BinaryIO) -> tuple[dict[str, Any], bytes]:
        with self.turn:
            connection = self._started()
            deadline = time.monotonic() + self._seconds
            try:
                send(connection, request, file=file.fileno(), deadline=deadline)
                said, body, _ = receive(connection, deadline)
            except ConnectionLostError as error:
                raise self._died() from error
            except TimeoutError as error:
                self._end()
                raise _too_slow(self._seconds) from error
        if "error_code" in said:
            raise PermanentError(ErrorCode(said["error_code"]), said["message"])
        return said, body

    def _started(self) -> socket.socket:
        if self._process and self._connection and self._process.poll() is None:
            return self._connection
        self._end()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process, self._connection = start_confined(
            self._module, memory_bytes=self._memory_bytes, cpu_seconds=_CPU_SECONDS, log=self._log
        )
        try:
            receive(self._connection, time.monotonic() + _START_SECONDS)
        except (ConnectionLostError, TimeoutError) as error:
            said = self._end()
            raise DecoderUnavailableError(f"the decoding process did not start: {said or error}") from error
        return self._connection

    def _died(self) -> PermanentError:
        assert self._process
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL  # it hung up but lives; `_end` kills it
        log = self._end()
        if status == -signal.SIGXCPU:
            return _too_slow(_CPU_SECONDS)
        how = signal.Signals(-status).name if status < 0 else log.rpartition("\n")[2]
        return PermanentError(
            ErrorCode.CORRUPT_IMAGE, f"The image crashes its decoder ({how}). Save it anew with another program."
        )

    def _end(self) -> str:
        """End the process, leave no zombie, and return the end of what it wrote."""
        process, connection, log = self._process, self._connection, self._log
        self._process = self._connection = self._log = None
        if connection:
            connection.close()
        if process:
            process.kill()
            process.wait()
        if not log:
            return ""
        with log:
            log.seek(0)
            return log.read().decode(errors="replace")[-_MAX_DETAIL:].strip()


def _too_slow(seconds: float) -> PermanentError:
    return PermanentError(
        ErrorCode.CORRUPT_IMAGE,
        f"The image could not be decoded within {seconds:g} seconds. Save it anew, as a JPEG that is not progressive.",
    )
