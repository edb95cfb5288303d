"""Works on the messages of a batch at the same time, and gathers how each of them ended."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from lambdas.detect_labels.detection import SuspectError
from lambdas.jobs import Job
from lambdas.settling import Ending
from lambdas.work_messages import Message


class Work(Protocol):
    """What is done with one message; None where it asks for nothing."""

    def __call__(self, message: Message, *, alone: bool) -> Job | None: ...


def work_on(messages: Sequence[Message], work: Work) -> list[Ending]:
    """Do `work` with each message in a thread of its own.

    Those that an earlier delivery died of come last, one by one: should it happen again, no other image dies with it.
    """
    endings = _at_once(messages, lambda message: work(message, alone=False), threads=len(messages))
    suspects = [ending.message for ending in endings if isinstance(ending.error, SuspectError)]
    if not suspects:
        return endings
    others = [ending for ending in endings if not isinstance(ending.error, SuspectError)]
    return others + _at_once(suspects, lambda message: work(message, alone=True), threads=1)


def _at_once(messages: Sequence[Message], do: Callable[[Message], Job | None], threads: int) -> list[Ending]:
    with ThreadPoolExecutor(threads, thread_name_prefix="image") as pool:
        done = [(message, pool.submit(do, message)) for message in messages]
    return [_ending(message, future) for message, future in done]


def _ending(message: Message, done: Future[Job | None]) -> Ending:
    error = done.exception()
    return Ending(message, None if error else done.result(), error)
