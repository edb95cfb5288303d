"""How images reach detect_labels: what its queues, its event sources and its code must agree on."""

from typing import Final

CALLS_PER_UNIT: Final = 5.0  # detections a second that one inference unit answers, as the service's guide says
# Moderations a second, of all projects of an account together: of Regions with more, and of the others.
MODERATIONS: Final = {"us-east-1": 50.0, "us-west-2": 50.0, "eu-west-1": 50.0}
MODERATIONS_ELSEWHERE: Final = 5.0
BATCH: Final = 10  # messages that one invocation gets, and works on at the same time
TIMEOUT_SECONDS: Final = 90  # of one invocation: a batch at a slow pace, or the decoding of one large picture
KEPT_SECONDS: Final = 10 * 86_400  # that a message waits in its queue for a model to be started
DEAD_KEPT_SECONDS: Final = 14 * 86_400  # that a dead letter waits for a person; the most that SQS takes
# Since a job was opened: no message of it can be in its queue any more, though it was a dead letter and sent back.
ABANDONED_SECONDS: Final = KEPT_SECONDS + DEAD_KEPT_SECONDS + KEPT_SECONDS
# That a video waits for its frames since all were asked for. A frame may wait KEPT_SECONDS for a model. One that is a
# dead letter may be sent back: most die in the first hours, and are kept for just this long; one that dies on its last
# day leaves four days to answer the alarm. What is sent back later still has a result of its own, and none in the
# timeline: to wait for it would keep all that the other frames have shown from its reader for ABANDONED_SECONDS.
FRAMES_SECONDS: Final = KEPT_SECONDS + 4 * 86_400
# How often a message may be received. The code decides what is dead: this is for what it does not live to decide.
MAX_RECEIVES: Final = 1000  # the most that SQS takes
KILLS: Final = 3  # deliveries that died of an image or a video, after which nobody works on it any more

VIDEO_BATCHES: Final = 2  # of one queue of videos at the same time, and collections of finished ones
COLLECT_SECONDS: Final = 300  # of one invocation of collect_video; what it does not finish, the next one goes on with

_LEAST: Final = 2  # that an event source may be limited to


def max_concurrency(inference_units: int) -> int:
    """Return how many batches to work on at the same time, so that they keep a model of so many units busy.

    A batch of ten takes one to two seconds where its pace does not hold it back, and so five images a second and more.
    """
    return max(_LEAST, inference_units)


def fair_rate(inference_units: int, invocations: int) -> float:
    """Return the calls a second that each of so many invocations may expect of a model."""
    return CALLS_PER_UNIT * inference_units / invocations


def fair_moderation_rate(region: str, invocations: int) -> float:
    """Return the moderations a second that each of so many invocations may expect of the account's quota."""
    return MODERATIONS.get(region, MODERATIONS_ELSEWHERE) / max(invocations, 1)
