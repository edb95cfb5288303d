"""Shows how far a long work has come: pictures, bytes a second, time that is left."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Final, TextIO

_EVERY_SECONDS: Final = 0.2  # on a terminal, where each line takes the place of the one before
_LINE_SECONDS: Final = 10.0  # elsewhere


class Progress:
    """A line on stderr, for work whose pieces end in any order and in several threads."""

    def __init__(
        self, what: str, pieces: int, *, out: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._pieces = pieces
        self._out = out
        self._clock = clock
        self._began = self._shown = clock()
        self._done = 0
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, moved: int = 0) -> None:
        """Count a piece that is done, and the bytes that were moved for it."""
        with self._lock:
            self._done += 1
            self._bytes += moved
            pause = _EVERY_SECONDS if self._out.isatty() else _LINE_SECONDS
            if self._done == self._pieces or self._clock() - self._shown >= pause:
                self._shown = self._clock()
                self._show()

    def _show(self) -> None:
        end = "\n" if self._done == self._pieces or not self._out.isatty() else ""
        start = "\r\033[K" if self._out.isatty() else ""
        self._out.write(f"{start}  {self.line()}{end}")
        self._out.flush()

    def line(self) -> str:
        """Return the line: `upload: 120 of 400 images, 3.1 MB/s, 0:12 left`."""
        seconds = max(self._clock() - self._began, 1e-6)
        parts = [f"{self._what}: {self._done:,} of {self._pieces:,} images"]
        if self._bytes:
            parts.append(f"{self._bytes / seconds / 1e6:.1f} MB/s")
        if 0 < self._done < self._pieces:
            parts.append(f"{_clock_time(seconds / self._done * (self._pieces - self._done))} left")
        return ", ".join(parts)


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
