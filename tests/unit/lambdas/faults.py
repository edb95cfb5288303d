"""Lets something happen at the n-th call that a delivery makes: its death, or another delivery."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The function died; no code of its own runs any more."""


class Watch:
    """Counts the calls of the fakes that it guards; at one of them something happens, before or after it."""

    def __init__(self, at: int | None, happens: Callable[[], None], *, after: bool = False) -> None:
        self.at = at
        self.happens = happens
        self.after = after
        self.calls = 0

    def guard(self, fake: object) -> Any:
        """Return a fake whose calls are counted."""
        return _Guarded(self, fake)

    def run(self, call: Callable[..., Any], said: dict[str, Any]) -> Any:
        """Make a call."""
        self.calls += 1
        now = self.calls == self.at
        if now and not self.after:
            self.happens()
        answer = call(**said)
        if now and self.after:
            self.happens()
        return answer


class _Guarded:
    def __init__(self, watch: Watch, fake: object) -> None:
        self._watch, self._fake = watch, fake

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call = getattr(self._fake, operation)
        return lambda **said: self._watch.run(call, said)


def kill() -> None:
    """Die."""
    raise Killed
