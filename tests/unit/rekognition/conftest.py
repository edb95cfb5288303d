"""A service on a clock and a bucket that the tests hold in their hands."""

from __future__ import annotations

import pytest
from rekognition_bench import Bench, shapes_data


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def project(bench: Bench) -> str:
    return bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]


@pytest.fixture
def version(bench: Bench, project: str) -> str:
    """A version that is trained."""
    arn = bench.create_version(project, **shapes_data(bench))
    assert bench.trained(arn)["Status"] == "TRAINING_COMPLETED"
    return arn
