"""The services that the functions' tests share."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.images import ImageRef
from tests.unit.aws import client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.inbox import Inbox


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def dynamodb(table: Table) -> Any:
    return client_of("dynamodb", table)


@pytest.fixture
def image() -> ImageRef:
    return ImageRef("images", "digits/a.png", "v1")


@pytest.fixture
def lambda_context() -> Any:
    """Return what Powertools and the handlers read of Lambda's context."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    return SimpleNamespace(
        function_name="f",
        memory_limit_in_mb=256,
        invoked_function_arn=arn,
        aws_request_id="r",
        get_remaining_time_in_millis=lambda: 60_000,
    )


@pytest.fixture
def inbox():
    with Inbox() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server
        server.shutdown()
        serving.join()
