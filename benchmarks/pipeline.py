"""The pipeline under measure: deployed with the real CDK command line to a local cloud, with models that run."""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from benchmarks.report import say
from cli.deployment import Deployment, Project, find_deployment
from cli.workflows import find_execution, follow
from demo.pictures import digits
from demo.upload import upload_dataset
from lambdas.images import ImageRef, image_from_json
from lambdas.items import from_item
from lambdas.jobs import Job
from lambdas.result_items import JOB, job_of
from local.cloud import Profile, Running, local_cloud
from local.deployment import bootstrap, deploy
from local.toolchain import CHECKOUT

DEPLOYMENT: Final = "bench"  # of cdk.json: projects by the number of their inference units
UNITS: Final[Mapping[str, int]] = {"one": 1, "three": 3, "five": 5}
PER_UNIT: Final = 5  # detections a second
# Three models are trained and run at the same time, of nine units in all.
QUOTAS: Final = f"concurrent_trainings=off,running_models=off,inference_units=off,detections_per_unit={PER_UNIT}"
WORK: Final = CHECKOUT / "build" / "local" / "bench"

_PUTS: Final = 8  # at the same time
_LOOK_SECONDS: Final = 0.5
_ALL: Final = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
_DELAYED: Final = "ApproximateNumberOfMessagesDelayed"


class BenchmarkError(RuntimeError):
    """What should be measured did not happen."""


@dataclass(frozen=True)
class Pipeline:
    """A deployment, the clients that reach it, and the stand-in's own doors."""

    running: Running
    clients: Callable[[str], Any]
    deployment: Deployment

    def project(self, name: str) -> Project:
        """Return a project's queue and event source."""
        return self.deployment.project(name)

    def version_of(self, project: str) -> str:
        """Return the ARN of the model version that looks at a project's images."""
        arn = self.deployment.registry(self.clients).registration(project).active_version_arn
        if arn is None:
            raise BenchmarkError(f"project {project} has no model")
        return arn

    def put(self, bucket: str, pictures: Mapping[str, bytes]) -> list[ImageRef]:
        """Upload pictures, by their keys."""
        s3 = self.clients("s3")

        def put(item: tuple[str, bytes]) -> ImageRef:
            answer = s3.put_object(Bucket=bucket, Key=item[0], Body=item[1])
            return ImageRef(bucket, item[0], answer.get("VersionId", "null"))

        with ThreadPoolExecutor(_PUTS) as pool:
            return list(pool.map(put, pictures.items()))

    def switch(self, event_source_id: str, *, on: bool) -> None:
        """Open or close an event source."""
        self.clients("lambda").update_event_source_mapping(UUID=event_source_id, Enabled=on)

    def waiting(self, queue_url: str) -> int:
        """Return how many messages a queue shows, hides and delays."""
        answer = self.clients("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=[*_ALL, _DELAYED])
        return sum(int(number) for number in answer["Attributes"].values())

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; return whether it was within so many seconds."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def fail(self, *rules: Mapping[str, Any], seed: int = 1) -> None:
        """Let the stand-in follow a plan of faults from its beginning; none ends all faults."""
        self._local("faults", json.dumps({"seed": seed, "rules": list(rules)}).encode())

    def detections(self, version: str, since: float = 0.0) -> list[tuple[float, str]]:
        """Return when and how the calls of a version ended, from a time on."""
        calls = self._local("detections")["detections"]
        return [(call["at"], call["outcome"]) for call in calls if call["version"] == version and call["at"] >= since]

    def jobs(self, prefix: str) -> list[Job]:
        """Return all jobs of images under a prefix."""
        pages = self.clients("dynamodb").get_paginator("scan").paginate(TableName=self.deployment.results_table)
        items = (from_item(item) for page in pages for item in page["Items"] if item["SK"]["S"] == JOB)
        return [job_of(item) for item in items if image_from_json(item["Image"]).key.startswith(prefix)]

    def _local(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.running.endpoint}/_local/{path}", body, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def deployed_pipeline(projects: Sequence[str], folder: Path = WORK) -> Iterator[Pipeline]:
    """Deploy to a local cloud of its own and train a model for each of the projects."""
    with local_cloud(Profile.PLAIN, folder, quotas=QUOTAS) as running:
        shutil.rmtree(folder / "cdk.out", ignore_errors=True)  # so that it holds no other code than what is deployed
        say(f"local cloud at {running.endpoint}, log in {running.log}; cdk deploy ...")
        bootstrap(running)
        deploy(running, context={"deployment": DEPLOYMENT})
        clients = cache(running.client)
        pipeline = Pipeline(running, clients, find_deployment(clients, DEPLOYMENT))
        say(f"training {', '.join(projects)} ...")
        _train(pipeline, projects)
        yield pipeline


def _train(pipeline: Pipeline, projects: Sequence[str]) -> None:
    pictures = digits(train=120, test=40, unseen=0)
    bucket = pipeline.deployment.datasets_bucket
    workflows, arn = pipeline.clients("stepfunctions"), pipeline.deployment.train_model_arn
    keys = [
        upload_dataset(pipeline.clients("s3"), bucket, project, "first", pictures, lambda _: None)
        for project in projects
    ]
    for key in keys:
        ended = follow(workflows, find_execution(workflows, arn, key, 60), lambda _: None, _LOOK_SECONDS)
        if ended.status != "SUCCEEDED":
            raise BenchmarkError(f"the training of {key} has {ended.status}: {ended.error}: {ended.cause}")
