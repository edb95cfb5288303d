"""Which process runs which tests, where `pytest --numprocesses` has several (`--dist loadgroup`, as `make test` says).

All tests of a deployment run in one process, because deploying takes a while; they are the longest work, and so the
first. All that look at syntheses run in one too, and else all of a file. (Under pytest 9.2, pytest-xdist 3.8 does not
see its own groups.)
"""

import os
from typing import Any, Final

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

# The fixtures that deploy the app, and the files whose tests use them; a file goes with the first that names it.
DEPLOYMENTS: Final[dict[str, tuple[str, ...]]] = {
    "governed": ("tests/end_to_end/test_governor.py",),
    "destroy": ("tests/workflows/test_destroy.py",),
    "cloud": (
        "tests/end_to_end/",
        "tests/workflows/test_persons_word.py",
        "tests/workflows/test_train_model.py",
    ),
    "rollout": (
        "tests/workflows/test_data_sets.py",
        "tests/workflows/test_judgement.py",
        "tests/workflows/test_quotas.py",
    ),
}
# Tests that share something that takes a while to make: all deployments are synthesized once a process.
SHARED: Final[dict[str, tuple[str, ...]]] = {"infrastructure": ("tests/infrastructure/",)}


class ByDeployment(LoadScopeScheduling):
    """Gives a process a deployment's tests, or a file's, at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """Return what a test shares its process for: a deployment, syntheses or its file."""
    file = nodeid.partition("::")[0]
    return next((name for name, files in (DEPLOYMENTS | SHARED).items() if file.startswith(files)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `--numprocesses auto` means: tests of deployments mostly wait."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Distribute by deployment where groups are asked for."""
    return ByDeployment(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of deployments first. Raises UsageError for one whose file is not named above."""
    for item in items:
        for name in DEPLOYMENTS:
            if _uses(item, name) and group_of(item.nodeid) != name:
                raise pytest.UsageError(f"{item.nodeid} uses {name}: name its file in {__name__}.DEPLOYMENTS")
    items.sort(key=lambda item: group_of(item.nodeid) not in DEPLOYMENTS)


def _uses(item: pytest.Item, fixture: str) -> bool:
    own = vars(getattr(item, "module", object)).keys()  # a module's own fixture hides the deployment of that name
    return fixture in getattr(item, "fixturenames", ()) and fixture not in own
