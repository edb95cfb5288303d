"""Does what was decided."""

from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.govern_models.pausing import Paced
from lambdas.govern_models.words import Close, Open, Start, Step, Stop

# What a step finds that was taken already, or that a stale look asked for: the next look shows how things are.
_DONE: Final = frozenset({"ResourceInUseException"})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """What the governor acts with."""

    lambda_: Any
    rekognition: Paced

    def take(self, step: Step, event_source_id: str) -> str | None:
        """Take a step; return the error code of a refusal.

        A refusal is no fault of the look: it is remembered, told, and tried again by the next look. Raises boto3's
        error where no answer came.
        """
        try:
            self._take(step, event_source_id)
        except ClientError as error:
            code = error_code(error)
            return None if code in _DONE else code
        return None

    def _take(self, step: Step, event_source_id: str) -> None:
        match step:
            case Start(version, units, max_units):
                most = {} if max_units is None else {"MaxInferenceUnits": max_units}
                arn = version.arn
                self.rekognition.call("start_project_version", ProjectVersionArn=arn, MinInferenceUnits=units, **most)
            case Stop(version):
                self.rekognition.call("stop_project_version", ProjectVersionArn=version.arn)
            case Open():
                self.lambda_.update_event_source_mapping(UUID=event_source_id, Enabled=True)
            case Close():
                self.lambda_.update_event_source_mapping(UUID=event_source_id, Enabled=False)
