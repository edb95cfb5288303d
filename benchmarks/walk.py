"""Walks state machines as Step Functions does, on a clock of its own: nothing is called, nobody waits.

It knows the states and fields that the success of our definitions goes through, in JSONata, and refuses others. No
task fails on the way, so Retry and Catch are not looked at.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from jsonata import Jsonata

Answer = Callable[[str, Any], Any]  # of a task's Resource and Arguments its result

NESTED: Final = "arn:aws:states:::states:startExecution.sync:2"
_OPEN, _CLOSE = "{%", "%}"
_READ: Final = frozenset(
    {"Type", "Comment", "Resource", "Arguments", "Seconds", "Choices", "Default", "Assign", "Output", "Next"}
)
_PASSED_OVER: Final = frozenset({"Retry", "Catch", "TimeoutSeconds"})
# What the history says of a state, in events: entered and left; of a task its call besides.
_EVENTS: Final[Mapping[str, int]] = {"Pass": 2, "Choice": 2, "Wait": 2, "Succeed": 2, "Task": 5}
_SUBMITTED: Final = 1  # more, for a task that waits for the end of what it started
_OF_AN_EXECUTION: Final = 2  # started and succeeded


class WalkError(RuntimeError):
    """A definition went where no walk can follow; the message names the state."""


@dataclass
class Clock:
    """A clock that goes only where a Wait state waits."""

    seconds: float = 0.0


@dataclass
class Journey:
    """What state machines are walked on, and what was seen on the way, those that they start counted too."""

    definitions: Mapping[str, Mapping[str, Any]]  # by name
    machines: Mapping[str, str]  # names by what a StateMachineArn says
    answer: Answer
    clock: Clock = field(default_factory=Clock)
    entered: Counter[tuple[str, str]] = field(default_factory=Counter)  # states, by state machine
    events: Counter[str] = field(default_factory=Counter)  # of the histories, by state machine

    def transitions(self, name: str | None = None) -> int:
        """Return the states that were entered, which is what Step Functions bills: of one state machine, or of all."""
        return sum(times for (machine, _), times in self.entered.items() if name in (None, machine))

    def walk(self, name: str, given: Any) -> Any:
        """Walk a state machine to its end and return its output; raise WalkError where that is no success."""
        walker = _Walker(self, name, self.definitions[name]["States"], given)
        self.events[name] += _OF_AN_EXECUTION
        state = self.definitions[name]["StartAt"]
        while state is not None:
            state = walker.step(state)
        return walker.carried


@dataclass
class _Walker:
    """One execution: its variables, and what one state hands to the next."""

    journey: Journey
    machine: str
    states: Mapping[str, Any]
    carried: Any
    variables: dict[str, Any] = field(default_factory=dict)

    def step(self, name: str) -> str | None:
        """Go through a state and return the next one's name; None at the end."""
        state = self.states[name]
        if state["Type"] not in _EVENTS:
            raise WalkError(f"{self.machine}: the walk came to {name!r}, a state of type {state['Type']}")
        if unknown := set(state) - _READ - _PASSED_OVER:
            raise WalkError(f"{self.machine}: {name!r} has {sorted(unknown)}, which no walk knows")
        self.journey.entered[self.machine, name] += 1
        self.journey.events[self.machine] += _EVENTS[state["Type"]] + _SUBMITTED * (state.get("Resource") == NESTED)
        try:
            return self._pass_through(state)
        except _UndefinedError as error:
            raise WalkError(f"{self.machine}: {name!r} has {error}, which is undefined") from error

    def _pass_through(self, state: Mapping[str, Any]) -> str | None:
        seen = {"input": self.carried, "context": {"Execution": {"Id": f"{self.machine}:1", "Name": "1"}}}
        following = state.get("Next")
        match state["Type"]:
            case "Task":
                seen["result"] = self._call(state["Resource"], self._value(state["Arguments"], seen))
            case "Wait":
                self.journey.clock.seconds += self._value(state["Seconds"], seen)
            case "Choice":
                chosen = (rule["Next"] for rule in state["Choices"] if self._value(rule["Condition"], seen) is True)
                following = next(chosen, state.get("Default"))
        # What is assigned and what goes out see the variables as they were before.
        assigned = self._value(state.get("Assign", {}), seen)
        self.carried = self._value(state["Output"], seen) if "Output" in state else seen.get("result", self.carried)
        self.variables |= assigned
        return following

    def _call(self, resource: str, arguments: Any) -> Any:
        if resource != NESTED:
            return self.journey.answer(resource, arguments)
        name = self.journey.machines[arguments["StateMachineArn"]]
        return {"Status": "SUCCEEDED", "Output": self.journey.walk(name, arguments["Input"])}

    def _value(self, said: Any, seen: Mapping[str, Any]) -> Any:
        """Evaluate the expressions in a field."""
        match said:
            case str() if said.startswith(_OPEN):
                return _evaluated(said, {**self.variables, "states": seen})
            case Mapping():
                return {key: self._value(value, seen) for key, value in said.items()}
            case list():
                return [self._value(value, seen) for value in said]
        return said


class _UndefinedError(Exception):
    """An expression has no value; its text is the message."""


def _evaluated(said: str, variables: Mapping[str, Any]) -> Any:
    """Evaluate `{% ... %}`; raise where it has no value, as Step Functions does."""
    value = _compiled(said).evaluate(None, dict(variables))
    if value is None:
        raise _UndefinedError(said)
    return json.loads(json.dumps(value))  # in Python's own types


@cache
def _compiled(said: str) -> Any:
    made = Jsonata.jsonata(said.removeprefix(_OPEN).removesuffix(_CLOSE).strip())
    made.register_lambda("parse", json.loads)  # which Step Functions has and JSONata lacks
    return made
