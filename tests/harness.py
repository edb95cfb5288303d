"""A deployment to test: on a local cloud that the tests start, or one that is deployed already (--deployed NAME)."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.awsrequest import AWSRequest

from cli.__main__ import main
from cli.deployment import Clients, Deployment
from cli.models import Model, list_models
from cli.workflows import Ended, find_execution, follow
from demo.subscriber import Subscriber, subscribed
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus
from lambdas.model_versions import VersionStatus

Found = TypeVar("Found")


class NotInTimeError(AssertionError):
    """What was awaited did not come; the message says where things stood."""


@dataclass(frozen=True)
class Cloud:
    """A deployment and the clients that reach it."""

    clients: Clients
    deployment: Deployment
    training_seconds: float  # longest wait for a training, with start
    detection_seconds: float  # longest wait for a result
    look_seconds: float
    local: bool

    def customlabels(self, *arguments: str, clients: Clients | None = None) -> tuple[int, str]:
        """Run the command line as a person does; return its exit code and what it prints."""
        with redirect_stdout(io.StringIO()) as printed:
            code = main([*arguments, "--deployment", self.deployment.name], clients or self.clients)
        return code, printed.getvalue()

    def drop(self, key: str, body: bytes, **metadata: str) -> ImageRef:
        """Upload an image, as a user does."""
        bucket = self.deployment.images_bucket
        answer = self.clients("s3").put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)
        return ImageRef(bucket, key, answer["VersionId"])

    def result_of(self, image: ImageRef, project: str) -> Job:
        """Wait for an image's final job."""
        table = self.deployment.results(self.clients)
        wanted = job_id(image, project)

        def final() -> Job | None:
            job = table.job(wanted)
            return job if job and job.status is not JobStatus.IN_PROGRESS else None

        return self.eventually(final, self.detection_seconds, lambda: f"job of {image.key}: {table.job(wanted)}")

    def unfailed(self, image: ImageRef, project: str) -> bool:
        """Wait until an image is done well, or waits in its queue; False where it has FAILED.

        An image that meets a model on its way down is put off for a quarter of an hour.
        """
        table, queue = self.deployment.results(self.clients), self.deployment.project(project).queue_url

        def status() -> JobStatus | None:
            job = table.job(job_id(image, project))
            return job.status if job else None

        done = (JobStatus.SUCCEEDED, JobStatus.FAILED)
        self.eventually(lambda: status() in done or self.waiting(queue) > 0, self.detection_seconds)
        return status() is not JobStatus.FAILED

    def eventually(
        self, look: Callable[[], Found | None], seconds: float, standing: Callable[[], str] = lambda: ""
    ) -> Found:
        """Poll until `look` returns something true; raise NotInTimeError that says how things stood."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > deadline:
                raise NotInTimeError(f"not in {seconds:.0f} s. {standing()}")
            time.sleep(self.look_seconds)
        return found

    @contextmanager
    def subscriber(self, topic_arn: str, **filter_policy: list[str]) -> Iterator[Subscriber]:
        """Subscribe to a topic, as a user does."""
        with subscribed(self.clients("sqs"), self.clients("sns"), topic_arn, filter_policy or None) as subscriber:
            yield subscriber

    @contextmanager
    def body_subscriber(self, topic_arn: str, filter_policy: dict[str, Any]) -> Iterator[Subscriber]:
        """Subscribe to the messages of a topic whose bodies a policy lets pass."""
        sqs, sns = self.clients("sqs"), self.clients("sns")
        with subscribed(sqs, sns, topic_arn, filter_policy, by_body=True) as subscriber:
            yield subscriber

    def notification_of(self, subscriber: Subscriber, image: ImageRef) -> dict[str, Any]:
        """Wait for the notification that tells of an image."""

        def told(received: list[dict[str, Any]]) -> bool:
            return any(message.get("Image", {}).get("S3ObjectName") == image.key for message in received)

        received = subscriber.receive(self.detection_seconds, told)
        if not told(received):
            raise NotInTimeError(f"no notification of {image.key}; received {received}")
        return next(message for message in received if message.get("Image", {}).get("S3ObjectName") == image.key)

    def take(self, queue_url: str) -> dict[str, Any] | None:
        """Take one message, with its attributes, out of a queue."""
        sqs = self.clients("sqs")
        answer = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            return dict(message)
        return None

    def role_of(self, verb_noun: str) -> str:
        """Return the name of a function's role."""
        name = f"custom-labels-{self.deployment.name}-{verb_noun}"
        role: str = self.clients("lambda").get_function_configuration(FunctionName=name)["Role"]
        return role.rpartition("/")[2]

    @contextmanager
    def faults(self, plan: dict[str, Any]) -> Iterator[None]:
        """Let the Rekognition stand-in of a local cloud follow a plan of faults (local/rekognition/fault_plans.py)."""
        self._follow(plan)
        try:
            yield
        finally:
            self._follow({})

    def _follow(self, plan: dict[str, Any]) -> None:
        client = self.clients("rekognition")
        request = AWSRequest("POST", f"{client.meta.endpoint_url}/_local/faults", data=json.dumps(plan))
        answer = client._endpoint.http_session.send(request.prepare())
        assert answer.status_code == 200, answer.text

    def training_of(self, manifest_key: str) -> str:
        """Wait for the execution that an uploaded manifest starts; return its ARN."""
        return find_execution(self.clients("stepfunctions"), self.deployment.train_model_arn, manifest_key, 60)

    def end_of(self, execution_arn: str) -> tuple[Ended, list[str]]:
        """Wait for an execution's end; return it and the states that were entered."""
        states: list[str] = []
        return follow(self.clients("stepfunctions"), execution_arn, states.append, self.look_seconds), states

    def execute(self, workflow_arn: str, given: dict[str, Any]) -> tuple[Ended, list[str]]:
        """Run a workflow to its end."""
        execution = self.clients("stepfunctions").start_execution(stateMachineArn=workflow_arn, input=json.dumps(given))
        return self.end_of(execution["executionArn"])

    def drained(self, queue_url: str) -> None:
        """Wait until a queue is empty; what a delivery before left hidden may have to show itself first."""
        answer = self.clients("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["VisibilityTimeout"])
        hidden_seconds = int(answer["Attributes"]["VisibilityTimeout"])
        self.eventually(lambda: self.waiting(queue_url) == 0, hidden_seconds + self.detection_seconds)

    @contextmanager
    def unnoticed(self, project: str) -> Iterator[None]:
        """Let uploads to a project make no events, as those of long ago made none."""
        events, rule = self.clients("events"), f"custom-labels-{self.deployment.name}-uploaded-{project}"
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)

    def train_by_hand(self, version: str) -> str:
        """Train another version of digits outside the workflow, from the data set `first`; return its ARN."""
        models = list_models(self.clients, self.deployment, "digits")
        bucket = self.deployment.datasets_bucket
        source = {"Bucket": bucket, "Name": "digits/first/train.manifest"}
        answer = self.clients("rekognition").create_project_version(
            ProjectArn=next(model.project_arn for model in models if model.active),
            VersionName=version,
            OutputConfig={"S3Bucket": bucket, "S3KeyPrefix": version},
            TrainingData={"Assets": [{"GroundTruthManifest": {"S3Object": source}}]},
            TestingData={"AutoCreate": True},
        )
        arn = str(answer["ProjectVersionArn"])
        self.await_status(arn, VersionStatus.TRAINING_COMPLETED)
        return arn

    def await_status(self, version_arn: str, status: VersionStatus) -> None:
        """Wait until a version has a status."""

        def models() -> list[Model]:
            return list(list_models(self.clients, self.deployment))

        def reached() -> bool:
            return any(model.arn == version_arn and model.status is status for model in models())

        self.eventually(reached, self.training_seconds, lambda: str(models()))

    def waiting(self, queue_url: str) -> int:
        """Return how many messages a queue shows and hides."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.clients("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)


def uploaded(image: ImageRef, size: int = 1) -> dict[str, Any]:
    """Return the event that EventBridge makes of an upload (only what our rules and functions read)."""
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": image.bucket},
            "object": {"key": image.key, "size": size, "version-id": image.version},
        },
    }
