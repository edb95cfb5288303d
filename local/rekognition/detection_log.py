"""Remember how calls of DetectCustomLabels ended, for tests and benchmarks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from local.rekognition.errors import ServiceError

MOST: Final = 100_000  # calls; older ones are forgotten
ANSWERED: Final = "ANSWERED"
CUT: Final = "CUT"  # the connection was cut
_OPERATION: Final = "DetectCustomLabels"


@dataclass(frozen=True)
class Detection:
    """One call: when it ended (epoch seconds), the version that it named, and ANSWERED, CUT or the error's name."""

    at: float
    version: str
    outcome: str


class DetectionLog:
    """The last calls, oldest first. Safe to use from any thread."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._calls: deque[Detection] = deque(maxlen=MOST)

    @contextmanager
    def noting(self, operation: str, request: Mapping[str, Any], *, cut: bool) -> Iterator[None]:
        """Note how the call ends that is answered in the block, where it is a detection."""
        outcome = CUT if cut else ANSWERED
        try:
            yield
        except ServiceError as error:
            outcome = error.code
            raise
        finally:
            if operation == _OPERATION:
                with self._lock:
                    self._calls.append(Detection(self._now(), request["ProjectVersionArn"], outcome))

    def calls(self) -> list[Detection]:
        """Return the calls so far."""
        with self._lock:
            return list(self._calls)

    def forget(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()
