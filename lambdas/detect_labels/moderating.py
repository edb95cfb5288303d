"""Has an image moderated, and reviewed by people where its project wants that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.detect_labels.asking import Asker
from lambdas.detect_labels.pacing import Pacer
from lambdas.errors import CallRefusedError, error_code
from lambdas.moderation import Moderation, judge
from lambdas.moderation_settings import HumanReview, ModerationSettings
from lambdas.names import human_loop_name

# Which of them a name that is in use brings is not documented.
_MAYBE_IN_USE: Final = ("ConflictException", "InvalidParameterException")


class ReviewRefusedError(CallRefusedError):
    """The image is fine, and Augmented AI begins no review of it: a setting or the flow definition is wrong."""

    def __init__(self, review: HumanReview, refused: ClientError) -> None:
        super().__init__(f"{review.flow_definition_arn} begins no review: {refused}", error_code(refused))


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """Moderates the images of a deployment."""

    asker: Asker
    augmented_ai: Callable[[], Any]  # makes a boto3 client of sagemaker-a2i-runtime, which is needed seldom
    deployment: str
    pacer: Pacer

    def moderate(
        self, job_id: str, image: Mapping[str, Any], settings: ModerationSettings, deadline: float
    ) -> Moderation:
        """Return what moderation says of `image`, the member Image of a DetectModerationLabels request.

        Raises ReviewRefusedError, OutOfTimeError, and boto3's errors.
        """
        request = {"Image": image, "MinConfidence": settings.min_confidence}
        if settings.human_review is None:
            return _judged(self._ask(request, deadline), settings)
        config = self._config(job_id, settings.human_review)
        try:
            answer = self._ask(request | {"HumanLoopConfig": config}, deadline)
        except ClientError as error:
            if error_code(error) not in _MAYBE_IN_USE:
                raise
            # Where the image itself is at fault, it is refused without a review too.
            answer = self._ask(request, deadline)
            output = {"HumanLoopArn": self._begun(config["HumanLoopName"], settings.human_review, error)}
            answer |= {"HumanLoopActivationOutput": output}
        return _judged(answer, settings)

    def _ask(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        rekognition = self.asker.rekognition
        answer: dict[str, Any]
        answer, _ = self.asker.in_turn(lambda: rekognition.detect_moderation_labels(**request), self.pacer, deadline)
        return answer

    def _config(self, job_id: str, review: HumanReview) -> dict[str, Any]:
        attributes = {"ContentClassifiers": [said.value for said in review.data_attributes]}
        return {
            "HumanLoopName": human_loop_name(self.deployment, job_id),
            "FlowDefinitionArn": review.flow_definition_arn,
            **({"DataAttributes": attributes} if review.data_attributes else {}),
        }

    def _begun(self, name: str, review: HumanReview, refused: ClientError) -> str:
        """Return the ARN of the review that a delivery began which died before it could keep the answer."""
        try:
            return str(self.augmented_ai().describe_human_loop(HumanLoopName=name)["HumanLoopArn"])
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise ReviewRefusedError(review, refused) from error


def _judged(answer: Mapping[str, Any], settings: ModerationSettings) -> Moderation:
    labels = answer["ModerationLabels"]
    return Moderation(
        verdict=judge(labels, settings),
        labels=labels,
        model_version=answer.get("ModerationModelVersion"),
        human_loop=answer.get("HumanLoopActivationOutput", {}),
    )
