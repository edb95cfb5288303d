"""S3, SNS, SQS and Rekognition in memory: what lambdas/ call of them."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import io
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Metrics
from botocore.response import StreamingBody

from tests.unit.aws import Refusal


def forget_dimensions() -> None:
    """Take back the dimensions that a handler gave to Powertools, which keeps them for the whole process."""
    metrics = Metrics()
    metrics.clear_default_dimensions()
    metrics.clear_metrics()


class Bucket:
    """A versioned bucket."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = {}  # by key and version
        self.refusals: dict[str, Refusal] = {}  # by key
        self.sizes: dict[str, int] = {}  # by key, of objects too large to hold here
        self.reads = 0
        self.ranges: list[str | None] = []  # that were asked for
        self.ignores_ranges = False

    def put(self, key: str, body: bytes, version: str = "v1", **metadata: str) -> None:
        """Put an object; `job_tag="x"` is the metadata `job-tag`."""
        self.objects[key, version] = (body, {name.replace("_", "-"): value for name, value in metadata.items()})

    def get_object(self, Bucket: str, Key: str, VersionId: str = "null", Range: str | None = None) -> dict[str, Any]:
        self.reads += 1
        self.ranges.append(Range)
        body, metadata = self._stored(Key, VersionId)
        answer: dict[str, Any] = {"Metadata": metadata, "VersionId": VersionId, "ContentLength": len(body)}
        if Range is None or self.ignores_ranges:
            return answer | {"Body": StreamingBody(io.BytesIO(body), len(body))}
        if not body:
            raise Refusal("InvalidRange", 416)
        first, last = map(int, Range.removeprefix("bytes=").split("-"))
        part = body[first : last + 1]
        size = self.sizes.get(Key, len(body))
        return answer | {
            "Body": StreamingBody(io.BytesIO(part), len(part)),
            "ContentRange": f"bytes {first}-{first + len(part) - 1}/{size}",
        }

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key in self.refusals:
            raise self.refusals[Key]
        versions = [version for key, version in self.objects if key == Key]
        if not versions:
            raise Refusal("404", 404)
        return {"VersionId": versions[-1]}

    def _stored(self, key: str, version: str) -> tuple[bytes, dict[str, str]]:
        if key in self.refusals:
            raise self.refusals[key]
        try:
            return self.objects[key, version]
        except KeyError:
            raise Refusal(
                "NoSuchVersion" if any(key == name for name, _ in self.objects) else "NoSuchKey", 404
            ) from None


class Topic:
    """An SNS topic that keeps what was published."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.refuse_next: Refusal | None = None

    def publish(self, **said: Any) -> dict[str, Any]:
        if self.refuse_next:
            refusal, self.refuse_next = self.refuse_next, None
            raise refusal
        self.published.append(said)
        return {"MessageId": "m"}


class Queues:
    """SQS queues by name."""

    def __init__(self, *names: str) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        self.put_off: list[tuple[str, str, int]] = []  # queue, receipt handle, seconds

    def get_queue_url(self, QueueName: str) -> dict[str, Any]:
        if QueueName not in self.messages:
            raise Refusal("AWS.SimpleQueueService.NonExistentQueue")
        return {"QueueUrl": f"https://sqs.test/{QueueName}"}

    def send_message(self, QueueUrl: str, **said: Any) -> dict[str, Any]:
        assert all(value["StringValue"] for value in said["MessageAttributes"].values()), "SQS takes no empty text"
        self.messages[QueueUrl.rpartition("/")[2]].append(said)
        return {"MessageId": "m"}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> dict[str, Any]:
        assert 0 <= VisibilityTimeout <= 43_200, "SQS hides a message for 12 hours at most"
        name = QueueUrl.rpartition("/")[2]
        assert name in self.messages, f"no queue {name}"
        self.put_off.append((name, ReceiptHandle, VisibilityTimeout))
        return {}


class Detections:
    """Rekognition's DetectCustomLabels: what each model version answers."""

    def __init__(self) -> None:
        self.answers: dict[str, list[dict[str, Any]] | Refusal] = {}  # by ARN of the version
        self.asked: list[dict[str, Any]] = []
        self.meanwhile: Callable[[], None] = lambda: None  # happens while the model looks

    def detect_custom_labels(self, **said: Any) -> dict[str, Any]:
        self.asked.append(said)
        self.meanwhile()
        answer = self.answers.get(said["ProjectVersionArn"], Refusal("ResourceNotFoundException"))
        if isinstance(answer, Refusal):
            raise answer
        return {"CustomLabels": answer}
