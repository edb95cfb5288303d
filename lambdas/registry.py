"""The model registry: which version of each project is active, leased or was tried.

Keys: PK `PROJECT#<name>`; SK `STATE`, `LEASE#<version name>` or `ATTEMPT#<hash of the upload>`. The workflows
write STATE, LEASE and the outcome of an ATTEMPT themselves (statemachines/). What else needs a version for a while
holds a lease of its own, `LEASE#<holder>`; the governor's is `LEASE#govern_models`. `GOVERNOR` is what the governor
keeps of a project (lambdas/govern_models), `METER#...` what its model did (lambdas/meter.py).
PK `DEPLOYMENT`, SK `CLOSING` is there while `cdk destroy` stops the models, and until a deploy: nothing may start.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lambdas.items import from_item, to_item

_CLOSING_KEY: Final = {"PK": "DEPLOYMENT", "SK": "CLOSING"}

# Who holds leases beside the workflows, which hold them under a version's name.
GOVERNOR: Final = "govern_models"  # on the active version, while it may run
PERSON: Final = "person"  # for as long as `customlabels start --version V --for 2h` says

CACHE_SECONDS: Final = 30  # the workflow waits this long, and a function's timeout, before it stops a former version


class Wanted(StrEnum):
    """What a person or a workflow last asked for."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class DeploymentClosingError(RuntimeError):
    """The deployment is being destroyed: nothing may start."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A project's STATE item."""

    project_arn: str | None = None
    active_version_arn: str | None = None
    active_version_name: str | None = None
    former_version_arn: str | None = None
    former_version_name: str | None = None
    wanted: Wanted = Wanted.RUNNING
    wanted_at: int = 0  # when a person last asked, epoch milliseconds; 0: never
    wanted_until: float | None = None  # epoch seconds; None: STOPPED has no end, RUNNING means as the runtime says
    promoted_at: int = 0  # when a version last became the active one, epoch milliseconds; 0: never

    def asks_for(self, wanted: Wanted, now: float) -> bool:
        """Tell whether a person's word overrides the runtime at a time in epoch seconds."""
        if self.wanted is not wanted:
            return False
        return now < self.wanted_until if self.wanted_until is not None else wanted is Wanted.STOPPED


@dataclass(frozen=True)
class Lease:
    """Leave for a version to run that is not, or not yet, the active one."""

    holder: str
    version_name: str
    expires_at: float  # epoch seconds


@dataclass(frozen=True)
class Registry:
    """The registry table of a deployment, through a boto3 DynamoDB client."""

    dynamodb: Any
    name: str

    def registration(self, project: str) -> Registration:
        """Return what is registered of a project; nothing, where it was never promoted."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_state_key(project)), ConsistentRead=True)
        return registration_of(from_item(answer.get("Item", {})))

    def want(self, project: str, wanted: Wanted, now: float, until: float | None = None) -> None:
        """Note what a person asked for, when, and until when (epoch seconds; None: see Registration.wanted_until).

        The guard stops an active version that is wanted STOPPED; run_model promotes nothing where a person has asked
        for something since it began.
        """
        values = {":wanted": wanted.value, ":now": int(now * 1000)}
        expression = "SET Wanted = :wanted, WantedAt = :now"
        if until is None:
            expression += " REMOVE WantedUntil"
        else:
            expression += ", WantedUntil = :until"
            values[":until"] = int(until)
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(_state_key(project)),
            UpdateExpression=expression,
            ExpressionAttributeValues=to_item(values),
        )

    def leases(self, project: str) -> tuple[Lease, ...]:
        """Return all leases of a project, the expired ones too."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="PK = :project AND begins_with(SK, :lease)",
            ExpressionAttributeValues=to_item({":project": f"PROJECT#{project}", ":lease": "LEASE#"}),
            ConsistentRead=True,
        )
        return tuple(lease_of(from_item(item)) for page in pages for item in page["Items"])

    def leased_versions(self, project: str, now: float) -> frozenset[str]:
        """Return the names of the versions that somebody holds a live lease on."""
        return frozenset(lease.version_name for lease in self.leases(project) if lease.expires_at > now)

    def lease(self, project: str, version_name: str, holder: str, until: float) -> None:
        """Keep the guard from stopping a version until then (epoch seconds); again, for longer."""
        details = {"VersionName": version_name, "ExpiresAt": int(until)}
        self.dynamodb.put_item(TableName=self.name, Item=to_item(_lease_key(project, holder) | details))

    def give_back(self, project: str, holder: str) -> None:
        """End a lease: the guard stops the version where nothing else explains why it runs."""
        self.dynamodb.delete_item(TableName=self.name, Key=to_item(_lease_key(project, holder)))

    def close(self, now: float) -> None:
        """Forbid that anything starts: the deployment is being destroyed."""
        self.dynamodb.put_item(TableName=self.name, Item=to_item(_CLOSING_KEY | {"Since": int(now)}))

    def reopen(self) -> None:
        """Let models start again."""
        self.dynamodb.delete_item(TableName=self.name, Key=to_item(_CLOSING_KEY))

    def is_closing(self) -> bool:
        """Tell whether the deployment is being destroyed, so that nothing may start."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_CLOSING_KEY), ConsistentRead=True)
        return "Item" in answer

    def refuse_while_closing(self) -> None:
        """Raise DeploymentClosingError where the deployment is being destroyed."""
        if self.is_closing():
            raise DeploymentClosingError("the deployment is being destroyed, and starts nothing")

    def claim(self, project: str, attempt: str, details: dict[str, Any]) -> dict[str, Any]:
        """Claim an upload for one execution; return the attempt as it stands, whose `Execution` holds the claim.

        An execution that asks again, because its call was retried, still holds it.
        """
        key = _attempt_key(project, attempt)
        try:
            self.dynamodb.put_item(
                TableName=self.name,
                Item=to_item(key | details),
                ConditionExpression="attribute_not_exists(PK)",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(key), ConsistentRead=True)
            return from_item(answer["Item"])
        return details

    def note(self, project: str, attempt: str, said: dict[str, Any]) -> None:
        """Add to what is remembered of an attempt."""
        names = list(said)
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(_attempt_key(project, attempt)),
            UpdateExpression="SET " + ", ".join(f"#n{number} = :v{number}" for number in range(len(names))),
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={f"#n{number}": name for number, name in enumerate(names)},
            ExpressionAttributeValues=to_item({f":v{number}": said[name] for number, name in enumerate(names)}),
        )

    def attempts(self, project: str) -> list[dict[str, Any]]:
        """Return all that is remembered of a project's trainings, the newest first."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="PK = :project AND begins_with(SK, :attempt)",
            ExpressionAttributeValues=to_item({":project": f"PROJECT#{project}", ":attempt": "ATTEMPT#"}),
            ConsistentRead=True,
        )
        found = [from_item(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda attempt: -attempt.get("CreatedAt", 0))


def registration_of(item: Mapping[str, Any]) -> Registration:
    """Read a STATE item; nothing is registered where it is empty."""
    return Registration(
        project_arn=item.get("ProjectArn"),
        active_version_arn=item.get("ActiveVersionArn"),
        active_version_name=item.get("ActiveVersionName"),
        former_version_arn=item.get("FormerVersionArn"),
        former_version_name=item.get("FormerVersionName"),
        wanted=Wanted(item.get("Wanted", Wanted.RUNNING)),
        wanted_at=item.get("WantedAt", 0),
        wanted_until=item.get("WantedUntil"),
        promoted_at=item.get("UpdatedAt", 0),
    )


def lease_of(item: Mapping[str, Any]) -> Lease:
    """Read a LEASE item."""
    return Lease(item["SK"].removeprefix("LEASE#"), item["VersionName"], item["ExpiresAt"])


@dataclass
class CachedRegistry:
    """The registry as functions that detect see it: at most `CACHE_SECONDS` old."""

    registry: Registry
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Registration]] = field(default_factory=dict)

    def active_version(self, project: str, *, fresh: bool = False) -> str | None:
        """Return the ARN of a project's active version, running or not; None where none was ever promoted."""
        read_at, registration = self._seen.get(project, (float("-inf"), Registration()))
        if fresh or self.clock() - read_at > CACHE_SECONDS:
            asked_at = self.clock()  # the answer may be as old as its question
            registration = self.registry.registration(project)
            self._seen[project] = (asked_at, registration)
        return registration.active_version_arn


def _attempt_key(project: str, attempt: str) -> dict[str, str]:
    return {"PK": f"PROJECT#{project}", "SK": f"ATTEMPT#{attempt}"}


def _state_key(project: str) -> dict[str, str]:
    return {"PK": f"PROJECT#{project}", "SK": "STATE"}


def _lease_key(project: str, holder: str) -> dict[str, str]:
    return {"PK": f"PROJECT#{project}", "SK": f"LEASE#{holder}"}
