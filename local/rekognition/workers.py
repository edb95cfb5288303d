"""Work in the background, by a few threads; all of it can be abandoned at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
Check = Callable[[], None]  # raises AbandonedError when nobody wants any more what the work would bring


class AbandonedError(Exception):
    """Nobody wants what this work would bring."""


class Workers:
    """So many threads, and the work that waits for them. Safe to use from any thread."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads, self._name = threads, name
        self._lock = threading.Lock()
        self._hire()

    def begin(self, work: Callable[[Check], T], ended: Callable[[Future[T]], None]) -> None:
        """Do the work when a thread is free, then call `ended`; not so when it is abandoned or never begins.

        A thread cannot be stopped from outside: the work calls the check that it is given, often.
        """
        with self._lock:
            abandoned = self._abandoned
            doing = self._pool.submit(work, _check_of(abandoned))
        doing.add_done_callback(lambda done: None if done.cancelled() or abandoned.is_set() else ended(done))

    def abandon(self) -> None:
        """Drop all work, and go on with fresh threads: the old ones end at the next check."""
        with self._lock:
            self._abandoned.set()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._hire()

    def close(self) -> None:
        """Wait for the work that has begun; drop the rest."""
        self._pool.shutdown(cancel_futures=True)

    def _hire(self) -> None:
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix=self._name)
        self._abandoned = threading.Event()


def _check_of(abandoned: threading.Event) -> Check:
    def check() -> None:
        if abandoned.is_set():
            raise AbandonedError

    return check
