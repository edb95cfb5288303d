"""One run of the guard: a look, and one more each minute while a stop is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.guard_models.looking import Guard, Look
from lambdas.guard_models.memory import Memory, MemoryUnreadableError
from lambdas.guard_models.remembering import MemoryParameter
from lambdas.guard_models.telling import OperationsTopic, tell
from lambdas.guard_models.words import Refusal

RETRY_SECONDS: Final = 60.0

logger: Final = Logger()


class StopRefusedError(RuntimeError):
    """A model that should not run could not be stopped, or looked at, and may be billed."""


class RegistryUnreadableError(RuntimeError):
    """The registry could not be read, so that nobody knows which models are wanted."""


@dataclass
class Outcome:
    """What one run did."""

    stopped: list[str] = field(default_factory=list)  # ARNs
    noticed: list[str] = field(default_factory=list)
    stops_refused: list[Refusal] = field(default_factory=list)  # at the last look
    registry_faults: list[str] = field(default_factory=list)
    memory_faults: list[Exception] = field(default_factory=list)
    telling_faults: list[Exception] = field(default_factory=list)

    @property
    def faults(self) -> list[Exception]:
        """What went wrong, the dearest first."""
        found: list[Exception] = []
        if self.stops_refused:
            first = self.stops_refused[0]
            times = len(self.stops_refused)
            found.append(StopRefusedError(f"refused {times} times, first for {first.project}: {first.says}"))
        if self.registry_faults:
            found.append(RegistryUnreadableError(f"the registry cannot be read: {'; '.join(self.registry_faults)}"))
        return [*found, *self.memory_faults, *self.telling_faults]


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a run works with."""

    guard: Guard
    parameter: MemoryParameter
    topic: OperationsTopic
    clock: Callable[[], float]  # epoch seconds
    sleep: Callable[[float], None]
    has_time: Callable[[], bool]  # for a pause and one look more

    def run(self) -> Outcome:
        """Look, and look again each minute as long as something is refused and there is time.

        Each look is a new one: what explains a version may have changed meanwhile.
        """
        outcome, refusals_told = Outcome(), set[Refusal]()
        while True:
            look = self._look(outcome, refusals_told)
            outcome.stops_refused = look.refused
            if not look.refused or not self.has_time():
                return outcome
            self.sleep(RETRY_SECONDS)

    def _look(self, outcome: Outcome, refusals_told: set[Refusal]) -> Look:
        memory, may_save = self._remember(outcome)
        now = self.clock()
        look = self.guard.look(memory, now)
        outcome.stopped += look.stopped
        outcome.noticed += look.noticed
        outcome.registry_faults = look.registry_faults
        # Before telling, which may fail: what was stopped is not found again by the next look.
        logger.info("guarded", stopped=look.stopped, noticed=look.noticed, refused=len(look.refused))
        outcome.telling_faults += tell(self.topic, look, refusals_told, now)
        if may_save:
            self._save(look.memory, outcome)
        return look

    def _remember(self, outcome: Outcome) -> tuple[Memory, bool]:
        """Return the memory, empty where it cannot be read, and whether it may be written.

        What may be read again later is left as it is.
        """
        try:
            return self.parameter.load(), True
        except MemoryUnreadableError as error:
            outcome.memory_faults.append(error)
            return Memory(), error.lost

    def _save(self, memory: Memory, outcome: Outcome) -> None:
        try:
            self.parameter.save(memory)
        except (ClientError, BotoCoreError) as error:
            outcome.memory_faults.append(error)
