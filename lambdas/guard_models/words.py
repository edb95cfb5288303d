"""What the guard sees and what it does about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lambdas.model_versions import VersionStatus

LOOK_SECONDS: Final = 300  # between two runs of the guard, by its schedule


class Why(StrEnum):
    """Why the guard tells of something: `Status` on the operations topic."""

    STOPPED = "STOPPED"  # nothing explained it
    UNEXPLAINED = "UNEXPLAINED"  # nothing explains it, and it is about to be stopped
    RAN_TOO_LONG = "RAN_TOO_LONG"  # stopped, at the maximum run time
    BUDGET_SPENT = "BUDGET_SPENT"  # stopped, for the rest of the UTC day
    STOP_REFUSED = "STOP_REFUSED"
    REGISTRY_UNREADABLE = "REGISTRY_UNREADABLE"


@dataclass(frozen=True, kw_only=True)
class BilledVersion:
    """A version that is RUNNING, or STARTING and soon will be."""

    project: str  # as the deployment names it
    name: str
    arn: str
    status: VersionStatus
    inference_units: int  # MinInferenceUnits


@dataclass(frozen=True)
class Sentence:
    """What is to be done about a version: a notice, or a stop; and what people read of it."""

    why: Why
    says: str

    @property
    def is_notice(self) -> bool:
        """Whether the version runs on for a while."""
        return self.why is Why.UNEXPLAINED


@dataclass(frozen=True)
class Done:
    """A sentence that was carried out: the service took the stop, or a notice is to be told."""

    version: BilledVersion
    sentence: Sentence


@dataclass(frozen=True)
class Refusal:
    """What the guard could not do; its project may have a model that runs and is billed."""

    project: str
    says: str  # the service's words
    version: BilledVersion | None = None  # None: the project's versions could not be looked at
