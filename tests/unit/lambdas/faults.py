"""Kills a delivery at its n-th call: before the call takes effect, or after it, with the answer lost."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The function died; no code of its own runs any more."""


class Executioner:
    """Counts the calls of the fakes that it guards and kills at one of them."""

    def __init__(self, at: int | None = None, *, after: bool = False) -> None:
        self.at = at
        self.after = after
        self.calls = 0

    def guard(self, fake: object) -> Any:
        """Return a fake whose calls are counted."""
        return _Guarded(self, fake)

    def run(self, call: Callable[..., Any], said: dict[str, Any]) -> Any:
        """Make a call, or die."""
        self.calls += 1
        doomed = self.calls == self.at
        if doomed and not self.after:
            raise Killed
        answer = call(**said)
        if doomed:
            raise Killed
        return answer


class _Guarded:
    def __init__(self, executioner: Executioner, fake: object) -> None:
        self._executioner, self._fake = executioner, fake

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call = getattr(self._fake, operation)
        return lambda **said: self._executioner.run(call, said)
