"""Keep all projects, datasets and versions; whoever looks or changes holds the lock."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, Final

from local.rekognition.buckets import Buckets
from local.rekognition.dataset_lifecycle import Dataset, is_deleted, settled_dataset
from local.rekognition.errors import not_found
from local.rekognition.lifecycle import Durations, Project, Status, Version, is_gone, settled
from local.rekognition.meter import Meter, Usage
from local.rekognition.policy_documents import ProjectPolicy

_SURROUNDINGS: Final = frozenset({"lock", "now", "buckets", "_durations"})


@dataclass(frozen=True)
class Caller:
    """Whose request it is, and where it arrived: no one sees another account's or Region's things."""

    account: str
    region: str

    def arn(self, path: str) -> str:
        return f"arn:aws:rekognition:{self.region}:{self.account}:{path}"


class State:
    """All accounts' projects and versions, brought up to the clock at every look."""

    def __init__(self, now: Callable[[], float], durations: Durations) -> None:
        self.lock = threading.RLock()
        self.now = now
        self._durations = durations
        self._projects: dict[str, Project] = {}
        self._versions: dict[str, Version] = {}
        self._datasets: dict[str, Dataset] = {}
        self._last_stamp = 0
        self.token_key = secrets.token_bytes(32)  # of the tokens of pages
        self.tags: dict[str, dict[str, str]] = {}  # by ARN
        self.policies: dict[str, dict[str, ProjectPolicy]] = {}  # by the project's ARN, by name
        self.meter = Meter()
        self.buckets = Buckets(now)

    def stamp(self) -> int:
        """Return the time in epoch milliseconds, never the same twice: it ends an ARN."""
        self._last_stamp = max(int(self.now() * 1000), self._last_stamp + 1)
        return self._last_stamp

    def put_project(self, project: Project) -> None:
        self._projects[project.arn] = project

    def put_version(self, version: Version) -> None:
        self._versions[version.arn] = version
        self.meter.watch(version)

    def knows(self, caller: Caller, arn: str) -> bool:
        """Tell whether the caller has a thing with this ARN."""
        self._catch_up()
        known = arn in self._projects or arn in self._versions or arn in self._datasets
        return known and arn.startswith(caller.arn(""))

    def has_version(self, arn: str) -> bool:
        """Tell whether anyone has this version."""
        self._catch_up()
        return arn in self._versions

    def count(self, caller: Caller, statuses: Set[Status]) -> int:
        """Return how many of the caller's versions, of all projects, are in one of the statuses."""
        self._catch_up()
        mine = caller.arn("project/")
        return sum(v.status in statuses for v in self._versions.values() if v.arn.startswith(mine))

    def usage(self, bill_starting: bool) -> dict[str, Usage]:
        """Return what every version has used so far, by its ARN."""
        self._catch_up()
        return self.meter.usage(self.now(), bill_starting)

    def contents(self) -> dict[str, Any]:
        """Return all that is to outlive this process."""
        return {name: value for name, value in vars(self).items() if name not in _SURROUNDINGS}

    def restore(self, contents: dict[str, Any]) -> None:
        """Take over what `contents` once returned."""
        vars(self).update(contents)

    def pass_over(self, since: float) -> None:
        """Let the meter count nothing of the time from `since` until now; everything else has gone on in it."""
        self._catch_up()
        self.meter.pass_over(since, self.now())

    def in_status(self, status: Status) -> list[Version]:
        """Return everyone's versions in a status."""
        return [version for version in self._versions.values() if version.status is status]

    def forget(self) -> None:
        """Forget everything but the last stamp: no ARN comes twice."""
        fresh = State(self.now, self._durations)
        fresh._last_stamp = self._last_stamp
        self.restore(fresh.contents())
        self.buckets.forget()

    def projects(self, caller: Caller) -> list[Project]:
        """Return the caller's projects, newest first."""
        self._catch_up()
        mine = (p for p in self._projects.values() if p.arn.startswith(caller.arn("project/")))
        return sorted(mine, key=lambda project: -project.created)

    def project(self, caller: Caller, arn: str) -> Project:
        """Return one of the caller's projects or raise ResourceNotFoundException."""
        self._catch_up()
        if arn not in self._projects or not arn.startswith(caller.arn("")):
            raise not_found(arn)
        return self._projects[arn]

    def versions(self, project_arn: str) -> list[Version]:
        """Return a project's versions, newest first."""
        self._catch_up()
        mine = (v for v in self._versions.values() if v.project_arn == project_arn)
        return sorted(mine, key=lambda version: -version.created)

    def version(self, caller: Caller, arn: str) -> Version:
        """Return one of the caller's versions or raise ResourceNotFoundException."""
        self._catch_up()
        if arn not in self._versions or not arn.startswith(caller.arn("")):
            raise not_found(arn)
        return self._versions[arn]

    def put_dataset(self, dataset: Dataset) -> None:
        self._datasets[dataset.arn] = dataset

    def datasets(self, project_arn: str) -> list[Dataset]:
        """Return a project's datasets, the one to train with first."""
        self._catch_up()
        mine = (d for d in self._datasets.values() if d.project_arn == project_arn)
        return sorted(mine, key=lambda dataset: dataset.type, reverse=True)

    def dataset(self, caller: Caller, arn: str) -> Dataset:
        """Return one of the caller's datasets or raise ResourceNotFoundException."""
        self._catch_up()
        if arn not in self._datasets or not arn.startswith(caller.arn("")):
            raise not_found(arn)
        return self._datasets[arn]

    def unread_datasets(self) -> list[Dataset]:
        """Return everyone's datasets whose manifest is still to be read."""
        return [dataset for dataset in self._datasets.values() if dataset.ahead is None]

    def _catch_up(self) -> None:
        now = self.now()
        seconds = self._durations.dataset
        for arn, dataset in list(self._datasets.items()):
            if is_deleted(dataset, now, seconds):
                self._forget_one(arn)
            else:
                self._datasets[arn] = settled_dataset(dataset, now, seconds)
        things: dict[str, Project | Version] = {**self._projects, **self._versions}
        for arn in [arn for arn, thing in things.items() if is_gone(thing, now, self._durations)]:
            self._forget_one(arn)
        for version in list(self._versions.values()):
            after = settled(version, now, self._durations)
            if after is not version:
                self.put_version(after)

    def _forget_one(self, arn: str) -> None:
        """Take a thing away, and what hangs on it; its usage stays."""
        self._projects.pop(arn, None)
        self._versions.pop(arn, None)
        self._datasets.pop(arn, None)
        self.tags.pop(arn, None)
        self.policies.pop(arn, None)
