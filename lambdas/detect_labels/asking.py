"""Asks a model about one image, in its turn: throttled and broken calls are sent again while there is time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.pacing import OutOfTimeError, Pacer, retry_delay
from lambdas.errors import Meaning, ModelAsleepError, meaning
from lambdas.labels import kept, request_limits

_BREAKS: Final = 3  # broken calls of one image, after which the queue brings it back


@dataclass(frozen=True)
class Answer:
    """What a model said of an image."""

    labels: list[dict[str, Any]]
    millis: int  # of the one call that was answered


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks the models of all projects, each at a pace of its own."""

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
        throttles = breaks = 0
        while True:
            turn = pacer.turn(deadline)
            started = self.clock()
            try:
                labels = self.rekognition.detect_custom_labels(**request)["CustomLabels"]
            except (ClientError, BotoCoreError) as error:
                match meaning(error):
                    case Meaning.THROTTLED:
                        pacer.throttled(turn)
                        throttles += 1
                    case Meaning.TRANSIENT if breaks < _BREAKS - 1:
                        breaks += 1
                    case Meaning.ASLEEP:
                        raise ModelAsleepError(f"{version_arn}: {error}") from error
                    case _:
                        raise
                self._wait(retry_delay(throttles + breaks), deadline, error)
            else:
                pacer.answered(turn)
                return Answer(kept(labels, settings), round((self.clock() - started) * 1000))

    def _wait(self, seconds: float, deadline: float, error: Exception) -> None:
        if self.clock() + seconds > deadline:
            raise OutOfTimeError(f"no time is left to ask again: {error}") from error
        self.sleep(seconds)
