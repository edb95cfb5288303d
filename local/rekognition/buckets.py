"""Let through so much a second and no more: token buckets, filled by the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable


class Buckets:
    """Token buckets that hold one second's tokens, and at least one; each starts full. Safe to use from any thread."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._counted: dict[Hashable, tuple[float, float]] = {}  # tokens, and when they were counted

    def take(self, bucket: Hashable, rate: float) -> bool:
        """Take a token out of a bucket that `rate` tokens a second run into; False when there is none."""
        most, now = max(1.0, rate), self._now()
        with self._lock:
            tokens, counted = self._counted.get(bucket, (most, now))
            tokens = min(most, tokens + max(0.0, now - counted) * rate)
            taken = rate > 0 and tokens >= 1
            self._counted[bucket] = (tokens - taken, now)
        return taken

    def forget(self) -> None:
        """Begin anew with full buckets."""
        with self._lock:
            self._counted.clear()
