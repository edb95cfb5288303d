"""Read what a decoding process says of a video: it may be in the hands of whoever made the video, so none is believed.

A process that keeps to the settings and to the order of time passes; for any other the video is corrupt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.errors import ErrorCode, PermanentError
from lambdas.frames import Film
from lambdas.video_settings import VideoSettings

MOST_BYTES: Final = 16 * 1024 * 1024  # of one frame: pure noise of as many pixels as are decoded takes nine million

_CODES: Final = frozenset(code.value for code in ErrorCode)
_MOST_MESSAGE: Final = 1000  # characters of why a video is refused
_MOST_SIDE: Final = 1_000_000  # pixels
_MOST_RATE: Final = 1000.0  # frames a second


@dataclass(frozen=True)
class Moment:
    """A frame of the video, or, without a JPEG, that the frame before was still to be seen."""

    at_ms: int
    jpeg: bytes | None


@dataclass
class Answers:
    """Reads the answers about one video, in their order."""

    settings: VideoSettings
    _frames: int = 0
    _last_ms: int = -1

    def read(self, said: Mapping[str, Any], body: bytes) -> Moment | Film:
        """Return what an answer says; raise PermanentError where the video is refused, or where it cannot be so."""
        match said:
            case {"error_code": str(code), "message": str(message)} if code in _CODES:
                raise PermanentError(ErrorCode(code), message[:_MOST_MESSAGE])
            case {"at": int(at_ms)}:
                return self._frame(at_ms, body)
            case {"same_until": int(at_ms)} if self._frames:
                self._pass_to(at_ms)
                return Moment(at_ms, None)
            case {"millis": int(), "frame_rate": int() | float(), "width": int(), "height": int()}:
                return self._film(said)
        raise _nonsense("an answer that is none")

    @property
    def _longest_ms(self) -> float:
        return self.settings.max_minutes * 60_000 + 1  # times are rounded

    def _frame(self, at_ms: int, jpeg: bytes) -> Moment:
        self._pass_to(at_ms)
        self._frames += 1
        if self._frames > self.settings.max_frames:
            raise _nonsense(f"more than {self.settings.max_frames} frames")
        if not 0 < len(jpeg) <= MOST_BYTES:
            raise _nonsense(f"a frame of {len(jpeg):,} bytes")
        return Moment(at_ms, jpeg)

    def _pass_to(self, at_ms: int) -> None:
        if not self._last_ms < at_ms <= self._longest_ms:
            raise _nonsense(f"a frame at {at_ms} ms, after {self._last_ms} and of at most {self._longest_ms:.0f}")
        self._last_ms = at_ms

    def _film(self, said: Mapping[str, Any]) -> Film:
        film = Film(millis=said["millis"], frame_rate=said["frame_rate"], width=said["width"], height=said["height"])
        is_so = (
            self._frames > 0
            and self._last_ms <= film.millis
            and 0 < film.frame_rate <= _MOST_RATE
            and film.millis <= self._longest_ms + 1000 / film.frame_rate  # the last frame stands as long as any
            and 0 < film.width <= _MOST_SIDE
            and 0 < film.height <= _MOST_SIDE
        )
        if not is_so:
            raise _nonsense(f"a film of {self._frames} frames that is {film}")
        return film


def _nonsense(what: str) -> PermanentError:
    return PermanentError(
        ErrorCode.CORRUPT_VIDEO, f"The video misleads its decoder, which told of {what}. Write it anew."
    )
