"""One round of the governor: observe, decide, act, for every project."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.deployment_settings import DeploymentSettings
from lambdas.govern_models.acting import Actor
from lambdas.govern_models.decision import decide
from lambdas.govern_models.memories import Memories, OvertakenError
from lambdas.govern_models.metering import count
from lambdas.govern_models.observing import NoEventSourceError, Observer, Source
from lambdas.govern_models.telling import tell
from lambdas.govern_models.words import Decision, Observation
from lambdas.meter import Meter
from lambdas.registry import GOVERNOR, Registry

LEASE_SECONDS: Final = 900.0  # for which a version runs on without a governor, before the guard stops it

logger: Final = Logger()


@dataclass(frozen=True, kw_only=True)
class Governor:
    """What a round works with."""

    settings: DeploymentSettings
    observer: Observer
    actor: Actor
    registry: Registry
    memories: Memories
    meter: Meter
    sns: Any
    operations_topic_arn: str

    def govern(self, now: float) -> dict[str, str]:
        """Take one step for every project; return the faults by project.

        What fails for one project does not keep the governor from the others. Projects whose images have waited the
        longest come first: where the account's quota has room for one model, it is theirs.
        """
        sources = self.observer.event_sources()
        spent = self.observer.spending(now)
        closing = self.registry.is_closing()
        looks: list[Observation] = []
        faults: dict[str, str] = {}
        for project in self.settings.projects:
            try:
                looks.append(self.observer.look(project, sources, spent, closing, now))
            except (ClientError, BotoCoreError, NoEventSourceError) as error:
                faults[project] = _logged(project, error)
        for seen in sorted(looks, key=_waiting_since):
            try:
                self._move(seen, sources, now)
            except OvertakenError as error:
                logger.info("overtaken", project=seen.project, why=str(error))
            except (ClientError, BotoCoreError) as error:
                faults[seen.project] = _logged(seen.project, error)
        return faults

    def _move(self, seen: Observation, sources: Mapping[str, Source], now: float) -> None:
        settings = self.settings.projects[seen.project]
        decision = decide(seen, settings, now)
        if decision.asks:
            seen = self.observer.with_versions(seen)
            decision = decide(seen, settings, now)
        for alarm in decision.alarms:  # before they are remembered as told
            tell(self.sns, self.operations_topic_arn, self.settings.name, seen.project, alarm)
        if decision.memory != seen.memory:
            self.memories.write(seen.project, decision.memory)
        count(self.meter, seen, decision, deployment=self.settings.name, now=now)
        self._explain(seen, decision, now)
        if decision.step is not None:
            refused = self.actor.take(decision.step, sources[seen.project].id)
            logger.info(
                "step", project=seen.project, step=str(decision.step), because=decision.because, refused=refused
            )
            self.memories.note(seen.project, decision.memory, refused)

    def _explain(self, seen: Observation, decision: Decision, now: float) -> None:
        """Tell the guard why the active version runs, before it is started; or that nothing does any more."""
        name = seen.registration.active_version_name
        if decision.explains and name is not None:
            self.registry.lease(seen.project, name, GOVERNOR, now + LEASE_SECONDS)
        elif seen.memory.leased:
            self.registry.give_back(seen.project, GOVERNOR)


def _waiting_since(seen: Observation) -> float:
    return seen.memory.waiting_since if seen.memory.waiting_since is not None else float("inf")


def _logged(project: str, error: Exception) -> str:
    logger.exception("a project could not be governed", project=project)
    return f"{type(error).__name__}: {error}"
