"""When a video tries again that found all of Rekognition's jobs taken: fair between projects, and no slot left idle.

Whoever tries first after a job has ended gets its place. So places are shared as tries are: each project that waits
makes about as many, however many videos it has waiting, and all projects together not more than Rekognition bears.
"""

import math
import random
from collections.abc import Callable
from typing import Final

TRIES_PER_SECOND: Final = 2.0  # of a deployment; Rekognition takes 5 starts a second in most Regions

_SOONEST: Final = 5.0  # seconds between two tries of one video, on average, as below
_LATEST: Final = 1700.0  # and at most twice that: in the last hour of its queue's time it is not put off
# A video that has waited for a time waits for a 50th of it again. In the ten days that its queue keeps it, it is
# received about 800 times; SQS makes a dead letter of it after a thousand.
_OF_AGE: Final = 1 / 50


def seconds_to_next_try(
    waiting: int, projects: int, age: float, uniform: Callable[[float, float], float] = random.uniform
) -> int:
    """Return for how long a video is put off.

    `waiting` videos are in its project's queue, which is one of so many `projects`; it has waited for `age` seconds.
    """
    turn = waiting * projects / TRIES_PER_SECOND
    return max(1, math.ceil(min(max(_SOONEST, turn, age * _OF_AGE), _LATEST) * uniform(0, 2)))
