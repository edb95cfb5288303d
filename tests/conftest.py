"""No test reaches beyond this machine, unless it is told to test a deployment that exists (--deployed NAME)."""

import os
import socket
from collections.abc import Iterator
from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["tests.deployed"]

_NOBODY: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
# What stacks/parts/python_function.py sets; Powertools reads it when a handler is imported.
_POWERTOOLS: Final = {"POWERTOOLS_SERVICE_NAME": "tests", "POWERTOOLS_METRICS_NAMESPACE": "CustomLabels"}
# What a test needs that has to be deployed first, which takes a while: each is deployed by one process only.
_DEPLOYMENTS: Final = {
    "tests/end_to_end/": "e2e",
    "tests/workflows/test_train_model.py": "e2e",
    "tests/workflows/test_data_sets.py": "rollout",
    "tests/workflows/test_judgement.py": "rollout",
    "tests/workflows/test_quotas.py": "rollout",
}
_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class NetworkBlockedError(RuntimeError):
    """A test wanted to leave the machine."""


def _is_deployed(config: pytest.Config) -> bool:
    return bool(config.getoption("--deployed", default=None))


def pytest_configure(config: pytest.Config) -> None:
    """Take away the developer's AWS credentials, before any test module is imported."""
    os.environ.update(_POWERTOOLS)
    if not _is_deployed(config):
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            os.environ.pop(name, None)
        os.environ.update(_NOBODY)


class DeploymentScheduling(LoadFileScheduling):
    """Lets one process run all tests of a deployment, and all of any other file."""

    def _split_scope(self, nodeid: str) -> str:
        return _deployment_of(nodeid) or super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> DeploymentScheduling:
    """Share the tests out among the processes of `--numprocesses`."""
    config.option.loadscopereorder = False  # keep our order, below
    return DeploymentScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of deployments: they are the longest work."""
    items.sort(key=lambda item: _deployment_of(item.nodeid) is None)


def _deployment_of(nodeid: str) -> str | None:
    return next((name for path, name in _DEPLOYMENTS.items() if nodeid.startswith(path)), None)


@pytest.fixture(scope="session", autouse=True)
def _no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    if _is_deployed(request.config):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _only_here(getattr(socket.socket, name)))
        yield


def _only_here(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _HERE:
            raise NetworkBlockedError(f"a test wanted to connect to {address}; tests stay on 127.0.0.1")
        return connect(self, address)

    return guarded
