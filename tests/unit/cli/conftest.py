"""An account with one deployment, `demo`, of the projects `digits` and `scenes`."""

from collections.abc import Callable
from typing import Any

import pytest

import cli.models
import cli.workflows
from cli.deployment import Clients, Deployment, find_deployment
from lambdas.items import to_item
from tests.unit.aws import client_of
from tests.unit.cli.services import Clock, EventSources, Executions, Models, Queue, Stacks
from tests.unit.dynamodb import Table
from tests.unit.s3 import Buckets


@pytest.fixture
def calls() -> list[str]:
    """What was called that changes something, in order."""
    return []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (cli.models, cli.workflows):
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
            calls.append(f"want {said['ExpressionAttributeValues'][':wanted']['S']}")
            return super().update_item(**said)

    return Registry()


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
