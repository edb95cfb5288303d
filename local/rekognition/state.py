"""Keep all projects, datasets and versions; whoever looks or changes holds the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from local.rekognition.dataset_lifecycle import Dataset, is_deleted, settled_dataset
from local.rekognition.errors import not_found
from local.rekognition.lifecycle import Durations, Project, Version, is_gone, settled


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

    def stamp(self) -> int:
        """Return the time in epoch milliseconds, never the same twice: it ends an ARN."""
        self._last_stamp = max(int(self.now() * 1000), self._last_stamp + 1)
        return self._last_stamp

    def put_project(self, project: Project) -> None:
        self._projects[project.arn] = project

    def put_version(self, version: Version) -> None:
        self._versions[version.arn] = version

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

    def _catch_up(self) -> None:
        now = self.now()
        seconds = self._durations.dataset
        self._datasets = {
            arn: settled_dataset(dataset, now, seconds)
            for arn, dataset in self._datasets.items()
            if not is_deleted(dataset, now, seconds)
        }
        self._projects = {
            arn: project for arn, project in self._projects.items() if not is_gone(project, now, self._durations)
        }
        self._versions = {
            arn: settled(version, now, self._durations)
            for arn, version in self._versions.items()
            if not is_gone(version, now, self._durations)
        }
