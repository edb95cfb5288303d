"""Asks Rekognition about one image, in its turn: throttled and broken calls are sent again while there is time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.pacing import OutOfTimeError, Pacer, retry_delay
from lambdas.errors import Meaning, ModelAsleepError, meaning
from lambdas.labels import kept, request_limits

Said = TypeVar("Said")

_BREAKS: Final = 3  # broken calls of one image, after which the queue brings it back


@dataclass(frozen=True)
class Answer:
    """What a model said of an image."""

    labels: list[dict[str, Any]]
    millis: int  # of the one call that was answered


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks models and moderation, each at a pace of its own."""

    rekognition: Any
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def ask(
        self,
        version_arn: str,
        image: Mapping[str, Any],
        settings: ProjectSettings,
        pacer: Pacer,
        deadline: float,
    ) -> Answer:
        """Return what the model says of `image`, the member Image of a DetectCustomLabels request.

        Raises ModelAsleepError; OutOfTimeError where no answer came before `deadline`, a time of the clock; and
        boto3's errors.
        """
        request = {"ProjectVersionArn": version_arn, "Image": image, **request_limits(settings)}
        try:
            answer, millis = self.in_turn(lambda: self.rekognition.detect_custom_labels(**request), pacer, deadline)
        except (ClientError, BotoCoreError) as error:
            if meaning(error) is Meaning.ASLEEP:
                raise ModelAsleepError(f"{version_arn}: {error}") from error
            raise
        return Answer(kept(answer["CustomLabels"], settings), millis)

    def in_turn(self, call: Callable[[], Said], pacer: Pacer, deadline: float) -> tuple[Said, int]:
        """Return what a call answers, and how many milliseconds that took; send it again where that may help.

        Raises OutOfTimeError, and boto3's errors.
        """
        throttles = breaks = 0
        while True:
            turn = pacer.turn(deadline)
            started = self.clock()
            try:
                said = call()
            except (ClientError, BotoCoreError) as error:
                match meaning(error):
                    case Meaning.THROTTLED:
                        pacer.throttled(turn)
                        throttles += 1
                    case Meaning.TRANSIENT if breaks < _BREAKS - 1:
                        breaks += 1
                    case _:
                        raise
                self._wait(retry_delay(throttles + breaks), deadline, error)
            else:
                pacer.answered(turn)
                return said, round((self.clock() - started) * 1000)

    def _wait(self, seconds: float, deadline: float, error: Exception) -> None:
        if self.clock() + seconds > deadline:
            raise OutOfTimeError(f"no time is left to ask again: {error}") from error
        self.sleep(seconds)
