"""Works on many pictures at the same time, and gives the rest up as soon as one of them fails."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

Piece = TypeVar("Piece")
Done = TypeVar("Done")


def each(work: Callable[[Piece], Done], pieces: Sequence[Piece], at_once: int) -> Iterator[Done]:
    """Yield what the work made of each piece, in the pieces' order, once all are done; raise what the first raised."""
    pool = ThreadPoolExecutor(at_once)
    try:
        begun = [pool.submit(work, piece) for piece in pieces]
        done, _ = wait(begun, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        yield from (future.result() for future in begun)
    finally:
        pool.shutdown(cancel_futures=True)
