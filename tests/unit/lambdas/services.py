"""S3, SNS, SQS and Rekognition in memory: what lambdas/ call of them."""

# ruff: noqa: N803 - the parameters are spelled as AWS spells them

import io
import itertools
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools import Metrics
from botocore.response import StreamingBody

from tests.unit.aws import Refusal

HUMAN_LOOPS = "arn:aws:sagemaker:eu-west-1:123456789012:human-loop/"


def forget_dimensions() -> None:
    """Take back the dimensions that a handler gave to Powertools, which keeps them for the whole process."""
    metrics = Metrics()
    metrics.clear_default_dimensions()
    metrics.clear_metrics()


def emitted(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """Return the metrics that were written, by name."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    names = [(line, metric["Name"]) for line in lines for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return {name: line for line, name in names}


class Bucket:
    """A versioned bucket."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = {}  # by key and version
        self.refusals: dict[str, Refusal] = {}  # by key
        self.sizes: dict[str, int] = {}  # by key, of objects too large to hold here
        self.reads = 0
        self.listed: list[str] = []  # prefixes, a page each
        self.ranges: list[str | None] = []  # that were asked for
        self.ignores_ranges = False
        self.written: dict[str, bytes] = {}  # by key: what the functions themselves put, in whichever bucket
        self.least_part = 5 * 1024 * 1024  # bytes, of all parts of an upload but the last
        self.uploads: dict[str, dict[int, bytes]] = {}  # parts by number, of uploads that are not completed
        self.largest = 0  # bytes of one request
        self._numbers = itertools.count(1)

    def put_object(self, Bucket: str, Key: str, Body: Any, ContentType: str) -> dict[str, Any]:
        self.written[Key] = Body if isinstance(Body, bytes) else Body.read()
        self.largest = max(self.largest, len(self.written[Key]))
        return {"VersionId": "v1"}

    def create_multipart_upload(
        self, Bucket: str, Key: str, ContentType: str, ChecksumAlgorithm: str
    ) -> dict[str, Any]:
        upload = f"upload {next(self._numbers)}"
        self.uploads[upload] = {}
        return {"UploadId": upload}

    def upload_part(
        self, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes, ChecksumAlgorithm: str
    ) -> dict[str, Any]:
        if UploadId not in self.uploads:
            raise Refusal("NoSuchUpload", 404)
        self.uploads[UploadId][PartNumber] = Body
        self.largest = max(self.largest, len(Body))
        return {"ETag": f"tag of {len(Body)}", "ChecksumCRC32": str(zlib.crc32(Body))}

    def complete_multipart_upload(
        self, Bucket: str, Key: str, UploadId: str, MultipartUpload: dict[str, Any]
    ) -> dict[str, Any]:
        if UploadId not in self.uploads:
            raise Refusal("NoSuchUpload", 404)
        parts = [self.uploads[UploadId][part["PartNumber"]] for part in MultipartUpload["Parts"]]
        assert [part["PartNumber"] for part in MultipartUpload["Parts"]] == list(range(1, len(parts) + 1))
        for part, body in zip(MultipartUpload["Parts"], parts, strict=True):
            assert part["ChecksumCRC32"] == str(zlib.crc32(body)), "S3 refuses parts that are not the ones it has"
        if any(len(body) < self.least_part for body in parts[:-1]):
            raise Refusal("EntityTooSmall")
        self.written[Key] = b"".join(parts)
        del self.uploads[UploadId]
        return {}

    def delete_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self.written.pop(Key, None)
        return {}

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

    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        if Key in self.refusals:
            raise self.refusals[Key]
        versions = [version for key, version in self.objects if key == Key and VersionId in (version, None)]
        if not versions:
            raise Refusal("404", 404)
        body, _ = self.objects[Key, versions[-1]]
        return {"VersionId": versions[-1], "ContentLength": self.sizes.get(Key, len(body))}

    def list_objects_v2(
        self, Bucket: str, Prefix: str, Delimiter: str = "", ContinuationToken: str = "0"
    ) -> dict[str, Any]:
        """List one key at a time: readers must page."""
        self.listed.append(Prefix)
        keys = sorted({key for key, _ in self.objects if key.startswith(Prefix)})
        keys = [key for key in keys if not Delimiter or Delimiter not in key[len(Prefix) :]]
        number = int(ContinuationToken)
        more = {"NextContinuationToken": str(number + 1)} if keys[number + 1 :] else {}
        sizes = [self.head_object(Bucket, key)["ContentLength"] for key in keys[number : number + 1]]
        found = [{"Key": key, "Size": size} for key, size in zip(keys[number:], sizes, strict=False)]
        return {"Contents": found, "IsTruncated": bool(more)} | more

    def _stored(self, key: str, version: str) -> tuple[bytes, dict[str, str]]:
        if key in self.refusals:
            raise self.refusals[key]
        if version == "null" and key in self.written:
            return self.written[key], {}
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
        self.hidden = 0  # messages that a queue is said to hold beside those here

    def get_queue_url(self, QueueName: str) -> dict[str, Any]:
        if QueueName not in self.messages:
            raise Refusal("AWS.SimpleQueueService.NonExistentQueue")
        return {"QueueUrl": f"https://sqs.test/{QueueName}"}

    def send_message(self, QueueUrl: str, **said: Any) -> dict[str, Any]:
        assert all(value["StringValue"] for value in said["MessageAttributes"].values()), "SQS takes no empty text"
        self.messages[QueueUrl.rpartition("/")[2]].append(said)
        return {"MessageId": "m"}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        name = QueueUrl.rpartition("/")[2]
        assert name in self.messages, f"no queue {name}"
        assert 1 <= len(Entries) <= 10, "SQS takes 1 to 10 entries"
        for entry in Entries:
            assert 0 <= entry["VisibilityTimeout"] <= 43_200, "SQS hides a message for 12 hours at most"
            self.put_off.append((name, entry["ReceiptHandle"], entry["VisibilityTimeout"]))
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        counts = {
            "ApproximateNumberOfMessages": len(self.messages[QueueUrl.rpartition("/")[2]]),
            "ApproximateNumberOfMessagesNotVisible": self.hidden,
        }
        return {"Attributes": {name: str(counts[name]) for name in AttributeNames}}


class VideoJobs:
    """Rekognition's jobs on stored videos: as many open as a quota allows, one for each token."""

    def __init__(self) -> None:
        self.quota = 20
        self.asked: list[dict[str, Any]] = []
        self.refuse_next: list[Refusal] = []
        self.ids: dict[str, str] = {}  # of jobs, by token
        self.answers: dict[str, dict[str, Any]] = {}  # by job: how it ended; without one, it is open
        self.pages: list[list[dict[str, Any]]] = [[]]  # of every job that succeeded
        self.read: list[str | None] = []  # NextTokens that were asked for
        self.fail_pages: dict[str | None, list[Refusal]] = {}  # by NextToken, the next answers

    def start_label_detection(self, **said: Any) -> dict[str, Any]:
        self.asked.append(said)
        if self.refuse_next:
            raise self.refuse_next.pop(0)
        token = said["ClientRequestToken"]
        if token not in self.ids:
            if len(self.ids) - len(self.answers) >= self.quota:
                raise Refusal("LimitExceededException")
            self.ids[token] = f"{len(self.ids):064d}"
        return {"JobId": self.ids[token]}

    def end(self, job_id: str, status: str = "SUCCEEDED", **said: Any) -> None:
        self.answers[job_id] = {"JobStatus": status, **said}

    def get_label_detection(self, JobId: str, **said: Any) -> dict[str, Any]:
        token = said.pop("NextToken", None)
        assert said == {"MaxResults": 1000, "SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"}
        self.read.append(token)
        if self.fail_pages.get(token):
            raise self.fail_pages[token].pop(0)
        if JobId not in self.ids.values():
            raise Refusal("ResourceNotFoundException")
        answer = self.answers.get(JobId, {"JobStatus": "IN_PROGRESS"})
        if answer["JobStatus"] != "SUCCEEDED":
            return answer
        place = int(token or 0)
        more = {"NextToken": str(place + 1)} if place + 1 < len(self.pages) else {}
        metadata = {"Codec": "h264", "DurationMillis": 2000, "FrameRate": 10.0}
        return answer | {"Labels": self.pages[place], "VideoMetadata": metadata, "LabelModelVersion": "3.0"} | more


class Detections:
    """Rekognition: what each model version answers, and moderation, which begins a review wherever it is asked to."""

    def __init__(self) -> None:
        self.answers: dict[str, list[dict[str, Any]] | Refusal] = {}  # by ARN of the version
        self.asked: list[dict[str, Any]] = []
        self.moderation: list[dict[str, Any]] | Refusal = []
        self.review_refused: Refusal | None = None  # whatever its name
        self.moderated: list[dict[str, Any]] = []
        self.human_loops: set[str] = set()  # names
        self.meanwhile: Callable[[], None] = lambda: None  # happens while the model looks

    def detect_custom_labels(self, **said: Any) -> dict[str, Any]:
        self.asked.append(said)
        self.meanwhile()
        answer = self.answers.get(said["ProjectVersionArn"], Refusal("ResourceNotFoundException"))
        if isinstance(answer, Refusal):
            raise answer
        return {"CustomLabels": answer}

    def detect_moderation_labels(self, **said: Any) -> dict[str, Any]:
        self.moderated.append(said)
        if isinstance(self.moderation, Refusal):
            raise self.moderation
        answer: dict[str, Any] = {"ModerationLabels": self.moderation, "ModerationModelVersion": "7.0"}
        if "HumanLoopConfig" in said:
            name = said["HumanLoopConfig"]["HumanLoopName"]
            if self.review_refused:
                raise self.review_refused
            if name in self.human_loops:
                raise Refusal("InvalidParameterException", message=f"a human loop named {name} exists")
            self.human_loops.add(name)
            answer["HumanLoopActivationOutput"] = {
                "HumanLoopArn": HUMAN_LOOPS + name,
                "HumanLoopActivationReasons": ["ConditionsEvaluation"],
            }
        return answer

    def describe_human_loop(self, HumanLoopName: str) -> dict[str, Any]:
        if HumanLoopName not in self.human_loops:
            raise Refusal("ResourceNotFoundException")
        return {
            "HumanLoopName": HumanLoopName,
            "HumanLoopArn": HUMAN_LOOPS + HumanLoopName,
            "HumanLoopStatus": "InProgress",
            "FlowDefinitionArn": "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/unsafe",
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        }
