"""Decode a video in a process of its own, so that none can take the function's memory, time or life."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, Final

from lambdas.errors import ErrorCode, PermanentError
from lambdas.frames import Film
from lambdas.pictures.confinement import memory_left, start_confined
from lambdas.pictures.decoder import DecoderUnavailableError
from lambdas.pictures.framing import ConnectionLostError, receive, send
from lambdas.sample_video.answers import Answers, Moment
from lambdas.video_settings import VideoSettings

_START_SECONDS: Final = 30  # a cold start with a large layer is slow
_MODULE: Final = "lambdas.sample_video.decoder_process"
_MAX_DETAIL: Final = 1000  # characters of what a dying process wrote
# FFmpeg opens no other file and no host, whatever a file says; one thread keeps few frames.
_ENVIRONMENT: Final = {
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "protocol_whitelist;file",
    "OPENCV_FFMPEG_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


@dataclass(kw_only=True)
class VideoDecoder:
    """Decodes one video at a time."""

    memory_bytes: int = field(default_factory=lambda: memory_left(os.environ))  # of address space
    module: str = _MODULE  # whose `serve` the process runs

    def moments(
        self, file: BinaryIO, settings: VideoSettings, *, seconds: float
    ) -> Generator[Moment | Film, None, None]:
        """Yield the frames that the settings want of a video, as they are decoded, and at last what the video is.

        Raises PermanentError where the video is refused, cannot be decoded, takes more than `seconds` for it, or makes
        its decoder say what cannot be; DecoderUnavailableError.
        """
        deadline = time.monotonic() + seconds
        with tempfile.TemporaryFile() as log:
            process, connection = start_confined(
                self.module, memory_bytes=self.memory_bytes, cpu_seconds=int(seconds), log=log, **_ENVIRONMENT
            )
            try:
                _await_start(connection, log)
                send(connection, _request(settings), file=file.fileno(), deadline=deadline)
                answers = Answers(settings)
                while True:
                    said, body, _ = receive(connection, deadline)
                    answer = answers.read(said, body)
                    yield answer
                    if isinstance(answer, Film):
                        return
            except ConnectionLostError as error:
                raise _died(process, log) from error
            except TimeoutError as error:
                raise _too_slow(seconds) from error
            finally:
                connection.close()
                process.kill()
                process.wait()


def _await_start(connection: Any, log: IO[bytes]) -> None:
    try:
        receive(connection, time.monotonic() + _START_SECONDS)
    except (ConnectionLostError, TimeoutError) as error:
        raise DecoderUnavailableError(f"the decoding process did not start: {_end_of(log) or error}") from error


def _request(settings: VideoSettings) -> dict[str, Any]:
    return {
        "frames_per_second": settings.frames_per_second,
        "max_frames": settings.max_frames,
        "max_millis": settings.max_minutes * 60_000,
        "scene_change": settings.scene_change,
    }


def _died(process: subprocess.Popen[bytes], log: IO[bytes]) -> PermanentError:
    try:
        status = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        status = -signal.SIGKILL  # it hung up but lives
    how = signal.Signals(-status).name if status < 0 else _end_of(log).rpartition("\n")[2]
    return PermanentError(
        ErrorCode.CORRUPT_VIDEO, f"The video crashes its decoder ({how}). Write it anew with another program."
    )


def _too_slow(seconds: float) -> PermanentError:
    return PermanentError(
        ErrorCode.CORRUPT_VIDEO,
        f"The video could not be decoded within {seconds:.0f} seconds. Cut it, or write it anew with smaller frames.",
    )


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")[-_MAX_DETAIL:].strip()
