"""Keep the numeric libraries to one core a task: more threads would only starve the rest of the local cloud."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


def one_core() -> AbstractContextManager[object]:
    """Limit BLAS and OpenMP to one thread inside the `with`."""
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
