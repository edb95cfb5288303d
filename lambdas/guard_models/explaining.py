"""Why a version runs, by the registry: a pure rule and the reading before it."""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from lambdas.deployment_settings import ProjectSettings
from lambdas.guard_models.words import BilledVersion
from lambdas.registry import GOVERNOR, PERSON, Lease, Registration, Registry, Wanted
from lambdas.runtime_settings import Runtime

# run_model gives its lease back after it has promoted; the governor, which looks each minute, takes its own then.
HANDOVER_SECONDS: Final = 180

# Of a training whose execution goes on, or was aborted, or failed: it may have started its version. One that was
# REJECTED or waits for approval has started nothing, and one that SUCCEEDED has left its version to the registry.
_MAY_HAVE_STARTED: Final = frozenset({"IN_PROGRESS", "FAILED"})


class Explanation(Enum):
    """What the registry says of a version that is billed."""

    WANTED = auto()
    CHOSEN = auto()  # a person asked for it until a time that is not over
    LEFT_OVER = auto()  # nothing explains it but a lease that has expired or an execution that failed
    UNKNOWN = auto()  # the registry does not know it: a person seems to have started it by hand


@dataclass(frozen=True)
class Records:
    """What the registry holds of a project."""

    registration: Registration = field(default_factory=Registration)
    leases: tuple[Lease, ...] = ()  # the expired ones too
    tried: frozenset[str] = frozenset()  # names of versions that an execution may have started and left


def read_records(registry: Registry, project: str) -> Records:
    """Read what the registry holds of a project.

    Leases first: a workflow gives its lease back after it has made the version active, so that one of the two shows.
    """
    leases = registry.leases(project)
    registration = registry.registration(project)
    tried = (attempt for attempt in registry.attempts(project) if attempt.get("Status") in _MAY_HAVE_STARTED)
    return Records(registration, leases, frozenset(attempt["VersionName"] for attempt in tried))


def explain(version: BilledVersion, settings: ProjectSettings | None, records: Records, now: float) -> Explanation:
    """Say why a version is billed; `settings` is None where cdk.json has forgotten its project."""
    if settings is None:
        return Explanation.LEFT_OVER
    live = [lease for lease in records.leases if lease.expires_at > now]
    is_active = version.arn == records.registration.active_version_arn
    holders = {lease.holder for lease in live if lease.version_name == version.name}
    if PERSON in holders or (is_active and records.registration.asks_for(Wanted.RUNNING, now)):
        return Explanation.CHOSEN
    if holders or _stands_by(version, records.registration, live, now):
        return Explanation.WANTED
    if is_active and _is_handed_over(records.registration, settings, now):
        return Explanation.WANTED
    return Explanation.LEFT_OVER if _is_known(version, records) else Explanation.UNKNOWN


def _stands_by(version: BilledVersion, registration: Registration, live: list[Lease], now: float) -> bool:
    """Tell whether a version is needed by who holds a lease on another one.

    The former version answers until a rollout has brought the last images through. The active one is nobody else's to
    stop as long as the governor keeps its hands off; but a person who asks for a stop means it.
    """
    if version.arn == registration.former_version_arn:
        return any(lease.holder == lease.version_name for lease in live)  # run_model's
    others = any(lease.holder != GOVERNOR for lease in live)
    return others and version.arn == registration.active_version_arn and not registration.asks_for(Wanted.STOPPED, now)


def _is_handed_over(registration: Registration, settings: ProjectSettings, now: float) -> bool:
    """Tell whether the active version needs no lease: it was just promoted, or its project is always on.

    So a dead governor does not take an always-on model down.
    """
    if registration.asks_for(Wanted.STOPPED, now):
        return False
    return settings.runtime == Runtime.ALWAYS_ON or now - registration.promoted_at / 1000 < HANDOVER_SECONDS


def _is_known(version: BilledVersion, records: Records) -> bool:
    """Tell whether the registry names the version at all; what it names, no person has started in the console."""
    registration = records.registration
    return (
        version.arn in (registration.active_version_arn, registration.former_version_arn)
        or any(lease.version_name == version.name for lease in records.leases)
        or version.name in records.tried
    )
