"""Keep the numeric libraries to one core a task: more threads would only starve the rest of the local cloud."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


def one_core() -> AbstractContextManager[object]:
    """Limit BLAS and OpenMP to one thread inside the `with`."""
    limits: AbstractContextManager[object] = _libraries().limit(limits=1)
    return limits


@cache
def _libraries() -> ThreadpoolController:
    """Find the libraries of this process, once: it takes longer than to look at an image. All are loaded by now."""
    return ThreadpoolController()
