"""An account with room for one training and one model: what the workflows do in it shows how they wait and swap."""

import json
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demo.pictures import PictureSet, digits
from local.cloud import Profile, Running, local_cloud
from tests.deployed import deployed_to
from tests.harness import Cloud

Faults = Callable[..., None]

MODELS_PER_PROJECT = 20
DEPLOYMENT = "rollout"


@pytest.fixture(scope="session")
def scarce(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A local cloud whose day takes nine seconds and whose quotas are full at once."""
    quotas = f"running_models=1,concurrent_trainings=1,models_per_project={MODELS_PER_PROJECT}"
    folder = tmp_path_factory.mktemp("scarce")
    with local_cloud(Profile.STRICT, folder, quotas=quotas, wait_scale=0.0001) as running:
        yield running


@pytest.fixture(scope="session")
def rollout(scarce: Running) -> Cloud:
    """The deployment in that cloud."""
    return deployed_to(scarce, DEPLOYMENT)


@pytest.fixture
def faults(scarce: Running) -> Iterator[Faults]:
    """Follow a plan of faults, as `local/rekognition/fault_plans.py` reads them, until the test ends."""

    def follow(*rules: dict[str, Any]) -> None:
        context = ssl.create_default_context(cafile=scarce.certificate)
        body = json.dumps({"seed": 1, "rules": rules}).encode()
        request = urllib.request.Request(f"{scarce.endpoint}/_local/faults", data=body, method="POST")
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=30) as answer:
            assert answer.status == 200

    yield follow
    follow()


@pytest.fixture(scope="session")
def two_labels() -> PictureSet:
    """A small data set that is learned in a moment."""
    return digits(train=24, test=12, unseen=2, labels=("zero", "one"), seed=3)
