"""One look of the guard: at all versions that are billed, and at why. It describes and stops, nothing else.

It shares no code with what starts and stops models, only the words of the registry and of the settings.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.deployment_settings import DeploymentSettings
from lambdas.errors import error_code
from lambdas.guard_models.explaining import Explanation, Records, explain, read_records
from lambdas.guard_models.judging import judge, overspent
from lambdas.guard_models.memory import Memory
from lambdas.guard_models.seeing import billed_versions
from lambdas.guard_models.words import BilledVersion, Done, Refusal, Sentence
from lambdas.registry import Registry
from lambdas.rekognition_projects import projects_of

# Rekognition takes about five control calls a second, of the governor and the workflows too.
PAUSE_SECONDS: Final = 0.25

# It is not RUNNING any more, or not yet: what is STARTING cannot be stopped at each moment, and is tried again.
_NOT_NOW: Final = frozenset({"ResourceInUseException", "ResourceNotFoundException"})


@dataclass
class Look:
    """What one look did and found."""

    memory: Memory
    done: list[Done] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    registry_faults: list[str] = field(default_factory=list)  # why it could not be read
    registry_answers: bool = True

    @property
    def stopped(self) -> list[str]:
        """The ARNs of the versions that were stopped."""
        return [done.version.arn for done in self.done if not done.sentence.is_notice]

    @property
    def noticed(self) -> list[str]:
        """The ARNs of the versions that are about to be stopped."""
        return [done.version.arn for done in self.done if done.sentence.is_notice]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What a look works with."""

    rekognition: Any
    registry: Registry
    settings: DeploymentSettings
    pause: Callable[[float], None]  # takes seconds

    def look(self, memory: Memory, now: float) -> Look:
        """Stop what is to be stopped; `now` is in epoch seconds.

        A project that cannot be looked at is reported, and does not keep the guard from the others.
        """
        refused: list[Refusal] = []
        billed = self._billed(refused)
        look = Look(memory.after_look(billed, now, complete=not refused), refused=refused)
        over = overspent(look.memory, self.settings, billed)
        for project, versions in _by_project(billed):
            records = self._records(project, look)
            for version in versions:
                why = explain(version, self.settings.projects.get(project), records, now) if records else None
                if why in (Explanation.WANTED, Explanation.CHOSEN):
                    look.memory = look.memory.taking_back(version)
                sentence = judge(version, why, look.memory, self.settings, over, now)
                if sentence is not None:
                    self._carry_out(version, sentence, look)
        if not billed:
            self._records(next(iter(self.settings.projects)), look)  # who cannot read finds out before it matters
        return look

    def _billed(self, refused: list[Refusal]) -> list[BilledVersion]:
        found: list[BilledVersion] = []
        for project, description in projects_of(self.rekognition, self.settings.name):
            try:
                found += billed_versions(self.rekognition, project, description["ProjectArn"])
            except (ClientError, BotoCoreError) as error:
                refused.append(Refusal(project, str(error)))
            self.pause(PAUSE_SECONDS)
        return found

    def _records(self, project: str, look: Look) -> Records | None:
        """Read what the registry says; None where it cannot be read, and for all projects once it does not answer.

        An item that somebody has broken blinds the guard to its own project only.
        """
        if not look.registry_answers:
            return None
        try:
            return read_records(self.registry, project)
        except (ClientError, BotoCoreError) as error:
            look.registry_answers = False
            look.registry_faults.append(str(error))
        except (KeyError, TypeError, ValueError) as error:
            look.registry_faults.append(f"an item of PROJECT#{project} is broken: {error!r}")
        return None

    def _carry_out(self, version: BilledVersion, sentence: Sentence, look: Look) -> None:
        if sentence.is_notice:
            look.done.append(Done(version, sentence))
            return
        try:
            self.rekognition.stop_project_version(ProjectVersionArn=version.arn)
        except (ClientError, BotoCoreError) as error:
            if error_code(error) not in _NOT_NOW:
                look.refused.append(Refusal(version.project, str(error), version))
        else:
            look.done.append(Done(version, sentence))


def _by_project(billed: Iterable[BilledVersion]) -> Iterable[tuple[str, list[BilledVersion]]]:
    grouped: dict[str, list[BilledVersion]] = {}
    for version in billed:
        grouped.setdefault(version.project, []).append(version)
    return grouped.items()
