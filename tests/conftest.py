"""No test reaches beyond this machine, unless it is told to test a deployment that exists (--deployed NAME)."""

import os
import socket
from collections.abc import Iterator
from typing import Any, Final

import pytest

pytest_plugins = ["tests.deployed", "tests.processes"]

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
