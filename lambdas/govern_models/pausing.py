"""Calls of Rekognition's control operations, not faster than the account may."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

# Of the five calls a second that each control operation has: the guard and people call too.
_CALLS_A_SECOND: Final = 3.0


@dataclass
class Paced:
    """A boto3 Rekognition client whose calls come at most so often."""

    rekognition: Any
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = field(default=float("-inf"))

    def call(self, operation: str, **request: Any) -> Any:
        """Call an operation, by boto3's name for it, when its turn has come."""
        now = self.clock()
        if now < self._next:
            self.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / _CALLS_A_SECOND
        return getattr(self.rekognition, operation)(**request)
