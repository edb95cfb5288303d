"""One look at a project: its queue, event source, registry entries and meter; where asked for, its versions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lambdas.deployment_settings import DeploymentSettings
from lambdas.govern_models.memories import Memories
from lambdas.govern_models.pausing import Paced
from lambdas.govern_models.words import Depth, EventSource, Observation, Spending, Version
from lambdas.meter import Meter
from lambdas.model_versions import VersionStatus
from lambdas.names import project_of_queue, queue_name, resource_name
from lambdas.registry import GOVERNOR, Registry

WORKER: Final = "detect_labels"

_STATES: Final[Mapping[str, EventSource]] = {
    "Enabled": EventSource.OPEN,
    "Enabling": EventSource.OPENING,
    "Disabled": EventSource.CLOSED,
    "Disabling": EventSource.CLOSING,
}
_DEPTHS: Final = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


class NoEventSourceError(RuntimeError):
    """A project of the settings has no event source; its stack is not deployed, or not any more."""


@dataclass(frozen=True)
class Source:
    """A project's event source."""

    id: str
    state: EventSource


@dataclass(frozen=True, kw_only=True)
class Observer:
    """What the governor looks with; its clients are boto3's."""

    sqs: Any
    lambda_: Any
    rekognition: Paced
    registry: Registry
    memories: Memories
    meter: Meter
    settings: DeploymentSettings
    _urls: dict[str, str] = field(default_factory=dict)

    def event_sources(self) -> dict[str, Source]:
        """Return the event sources of detect_labels by project."""
        deployment = self.settings.name
        pages = self.lambda_.get_paginator("list_event_source_mappings").paginate(
            FunctionName=resource_name(deployment, WORKER)
        )
        return {
            project_of_queue(deployment, WORKER, said["EventSourceArn"].rpartition(":")[2]): Source(
                said["UUID"], _STATES.get(said["State"], EventSource.CHANGING)
            )
            for page in pages
            for said in page["EventSourceMappings"]
        }

    def spending(self, now: float) -> dict[str, float]:
        """Return the unit-hours of the day by project; nothing where no budget needs them."""
        projects = self.settings.projects
        if self.settings.daily_budget_unit_hours is None:
            projects = {name: said for name, said in projects.items() if said.daily_budget_unit_hours is not None}
        return {name: self.meter.today(name, now).running_unit_seconds / 3600 for name in projects}

    def look(
        self, project: str, sources: Mapping[str, Source], spent: Mapping[str, float], closing: bool, now: float
    ) -> Observation:
        """Look at a project, but not at its versions."""
        if project not in sources:
            raise NoEventSourceError(f"{project} has no event source of {WORKER}; deploy its stack")
        memory = self.memories.read(project)
        # Leases first: a workflow gives its lease back after it has promoted its version.
        leases = self.registry.leases(project)
        return Observation(
            project=project,
            depth=self._depth(project),
            event_source=sources[project].state,
            registration=self.registry.registration(project),
            leases=tuple(lease for lease in leases if lease.expires_at > now and lease.holder != GOVERNOR),
            memory=memory,
            detected=0 if memory.looked_at is None else self.meter.images_since(project, memory.looked_at, now),
            spending=Spending(project=spent.get(project, 0.0), deployment=sum(spent.values())),
            deployment_budget=self.settings.daily_budget_unit_hours,
            closing=closing,
        )

    def with_versions(self, seen: Observation) -> Observation:
        """Add the versions to a look; none, where none was ever promoted."""
        arn = seen.registration.project_arn
        return replace(seen, versions=tuple(self._versions(arn)) if arn else ())

    def _depth(self, project: str) -> Depth:
        if project not in self._urls:
            name = queue_name(self.settings.name, WORKER, project)
            self._urls[project] = str(self.sqs.get_queue_url(QueueName=name)["QueueUrl"])
        answer = self.sqs.get_queue_attributes(QueueUrl=self._urls[project], AttributeNames=list(_DEPTHS.values()))
        return Depth(**{name: int(answer["Attributes"][spelled]) for name, spelled in _DEPTHS.items()})

    def _versions(self, project_arn: str) -> Iterator[Version]:
        token: dict[str, str] = {}
        while True:
            page = self.rekognition.call("describe_project_versions", ProjectArn=project_arn, **token)
            for said in page["ProjectVersionDescriptions"]:
                yield Version(
                    arn=said["ProjectVersionArn"],
                    name=said["ProjectVersionArn"].split("/")[3],
                    status=VersionStatus(said["Status"]),
                    inference_units=said.get("MinInferenceUnits", 1),
                )
            if "NextToken" not in page:
                return
            token = {"NextToken": page["NextToken"]}
