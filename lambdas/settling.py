"""Settles a batch: what ended badly goes back to its queue for a while, or to the dead-letter queue with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.errors import CallRefusedError, LaterError, Meaning, error_code, meaning
from lambdas.events import MalformedEventError
from lambdas.jobs import Job
from lambdas.work_messages import PATIENT_RECEIVES, Message, Queues, Reason, wait_seconds

logger: Final = Logger()

_RETRIED: Final = (Meaning.TRANSIENT, Meaning.THROTTLED)


@dataclass(frozen=True)
class Ending:
    """How one message ended: with its final job, with nothing to be done, or with an error."""

    message: Message
    job: Job | None
    error: BaseException | None


def attempt(message: Message, work: Callable[[Message], Job | None]) -> Ending:
    """Do the work that one message asks for; whatever it raises is how the message ended."""
    try:
        return Ending(message, work(message), None)
    except Exception as error:  # noqa: BLE001 - settle decides what each means
        return Ending(message, None, error)


@dataclass(frozen=True)
class Grave:
    """Why a message is dead."""

    reason: Reason
    code: str


def settle(
    queues: Queues,
    endings: Sequence[Ending],
    *,
    now: float,
    project: str = "",
    wait: Callable[[Ending], int | None] = lambda _: None,
) -> list[Ending]:
    """Bury what is dead and put off what is not done; return the endings whose messages go back.

    `now` is in epoch seconds; `project` is the queue's, where it has one. `wait` knows for how many seconds some are
    put off, and says None of others.
    """
    back = [ending for ending in endings if ending.error is not None and not _buried(queues, ending, project)]
    for ending in back:
        logger.info("the message goes back to its queue", message_id=ending.message.id, reason=str(ending.error))
    try:
        queues.put_off([(ending.message, _seconds(ending, wait(ending), now)) for ending in back])
    except (ClientError, BotoCoreError):
        logger.exception("messages could not be put off; they come back when their visibility timeout ends")
    return back


def grave(ending: Ending) -> Grave | None:
    """Say why a message is dead; None where another delivery may bring it to its end."""
    match ending.error:
        case MalformedEventError():
            return Grave(Reason.MALFORMED_EVENT, "")
        case ClientError() | BotoCoreError() as error:
            return None if meaning(error) in _RETRIED else Grave(Reason.CALL_REFUSED, error_code(error))
        case CallRefusedError() as refused:
            return Grave(Reason.CALL_REFUSED, refused.code)
        case LaterError():
            return None
    if ending.message.receives < PATIENT_RECEIVES:
        return None
    return Grave(Reason.UNEXPECTED_ERROR, type(ending.error).__name__)


def _buried(queues: Queues, ending: Ending, project: str) -> bool:
    found = grave(ending)
    if found is None:
        return False
    message = ending.message
    try:
        queues.bury(message, found.reason, found.code, project, str(ending.error))
    except (ClientError, BotoCoreError):
        logger.exception("the dead-letter queue took nothing", message_id=message.id)
        return False
    logger.error(
        "the message is in the dead-letter queue", message_id=message.id, reason=found.reason, exc_info=ending.error
    )
    return True


def _seconds(ending: Ending, known: int | None, now: float) -> int:
    return wait_seconds(ending.message, least_seconds(ending, now)) if known is None else known


def least_seconds(ending: Ending, now: float) -> float:
    """Return for how many seconds a message must not come back."""
    return ending.error.least_seconds(now) if isinstance(ending.error, LaterError) else 0.0
