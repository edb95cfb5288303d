"""Shows the steps of a long command, and where it failed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


class StepFailedError(RuntimeError):
    """A step did not do what it was for; the message says what was seen."""


@dataclass
class Steps:
    """Names, times and shows the steps of a command."""

    log: Path | None = None  # where to look when a step fails
    seconds: dict[str, float] = field(default_factory=dict)  # step -> how long it took
    stopped_at: str | None = None  # the step that failed, or was interrupted

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a step while the block runs; keep its time when it ends."""
        started = time.monotonic()
        print(f"\n=== {name}", flush=True)
        try:
            yield
        except BaseException:
            self.stopped_at = self.stopped_at or name  # what follows only cleans up
            raise
        self.seconds[name] = round(time.monotonic() - started, 1)
        print(f"    done in {self.seconds[name]:.1f} s", flush=True)

    def say(self, line: str) -> None:
        """Show a line of a step's progress."""
        print(f"    {line}", flush=True)

    def failed(self, error: BaseException) -> None:
        """Say which step failed, why, and where its log is."""
        where = f"\nThe local cloud's log is {self.log}" if self.log else ""
        print(f"\nFAILED at step '{self.stopped_at}': {type(error).__name__}: {error}{where}", file=sys.stderr)
