"""An account with one deployment, `demo`, of the projects `digits` and `scenes`."""

from collections.abc import Callable
from typing import Any

import pytest

import cli.commands.costs
import cli.commands.models
import cli.models
import cli.starting
import cli.workflows
from cli.__main__ import main
from cli.deployment import Clients, Deployment, find_deployment
from lambdas.images import ImageRef, job_id
from lambdas.items import to_item
from lambdas.jobs import Job, JobStatus
from lambdas.results import ResultsTable
from tests.unit.aws import client_of
from tests.unit.cli.services import Clock, EventSources, Executions, Models, Queue, Stacks
from tests.unit.dynamodb import Table
from tests.unit.objects import Objects
from tests.unit.s3 import Buckets


@pytest.fixture
def calls() -> list[str]:
    """What was called that changes something, in order."""
    return []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (cli.commands.costs, cli.commands.models, cli.models, cli.starting, cli.workflows):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def stacks() -> Stacks:
    stacks = Stacks()
    stacks.deploy("demo", "digits", "scenes")
    return stacks


@pytest.fixture
def models(calls: list[str]) -> Models:
    return Models(calls)


@pytest.fixture
def executions() -> Executions:
    return Executions()


@pytest.fixture
def event_sources(calls: list[str]) -> EventSources:
    return EventSources(calls)


@pytest.fixture
def queue(calls: list[str]) -> Queue:
    return Queue(calls)


@pytest.fixture
def buckets() -> Buckets:
    buckets = Buckets()
    buckets.versions["demo-ImagesBucket"] = []
    return buckets


@pytest.fixture
def table(calls: list[str]) -> Table:
    class Registry(Table):
        def update_item(self, **said: Any) -> dict[str, Any]:
            if ":wanted" in said.get("ExpressionAttributeValues", {}):
                calls.append(f"want {said['ExpressionAttributeValues'][':wanted']['S']}")
            return super().update_item(**said)

    return Registry()


@pytest.fixture
def objects(buckets: Buckets) -> Objects:
    """The same buckets, as those see them who only put and get."""
    return buckets


@pytest.fixture
def add_result(clients: Clients, deployment: Deployment) -> Callable[..., Job]:
    """Write a job to the results table, as detect_labels does."""
    results = ResultsTable(
        clients("dynamodb"), deployment.results_table, deployment.label_objects(clients), lambda _: None
    )

    def write(key: str, outcome: dict[str, Any] | None, *, created_at: int = 1, start: str | None = None) -> Job:
        project = key.partition("/")[0]
        image = ImageRef(deployment.images_bucket, key, "v1")
        job = Job(
            id=job_id(image, project),
            project=project,
            image=image,
            status=JobStatus.IN_PROGRESS,
            created_at=created_at,
            project_version_arn="arn:v1",
            start_job_id=start,
        )
        job = results.open(job, holder="h", now=1.0, lease_seconds=60).job
        return results.finish(job, outcome, holder="h", now=2.0, retention_days=None) if outcome else job

    return write


@pytest.fixture
def customlabels(clients: Clients, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command; return its exit code and what it says on stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments, clients)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def clients(
    stacks: Stacks,
    models: Models,
    executions: Executions,
    event_sources: EventSources,
    queue: Queue,
    table: Table,
    buckets: Buckets,
    clock: Clock,
) -> Clients:
    fakes = {
        "cloudformation": stacks,
        "dynamodb": table,
        "lambda": event_sources,
        "rekognition": models,
        "s3": buckets,
        "sqs": queue,
        "stepfunctions": executions,
    }
    return {service: client_of(service, fake) for service, fake in fakes.items()}.__getitem__


@pytest.fixture
def deployment(clients: Clients) -> Deployment:
    return find_deployment(clients)


@pytest.fixture
def activate(table: Table) -> Callable[[str, str], None]:
    def write(project: str, version: str) -> None:
        key = {"PK": f"PROJECT#{project}", "SK": "STATE"}
        active = {"ActiveVersionArn": Models.arn(f"demo.{project}", version), "ActiveVersionName": version}
        table.items[key["PK"], "STATE"] = to_item(key | active)

    return write
