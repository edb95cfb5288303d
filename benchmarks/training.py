"""State transitions and dollars of a training, beside what Rekognition asks, against a loop that looks every 5 seconds.

Ours is train_model as it is in statemachines/, with run_model and delete_versions, which it starts: each definition is
walked from its first state to its end on a clock of its own (benchmarks/walk.py), while the version trains for the
given hours. Nothing fails on the way, so nothing is retried.

The loop waits 5 seconds, calls a function that describes the version, and chooses: until it is trained, and again until
it runs. It is billed for nothing else. At this pace aws-samples/rekognition-customlabels-automation-with-stepfunctions
looks at its data sets. At a training it looks every 15 minutes, without a function, and it does not wait for its model:
so that stands beside it, too.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks import prices
from benchmarks.training_services import START_SECONDS, STOP_SECONDS, UPLOAD, Services
from benchmarks.walk import Clock, Journey
from local.toolchain import CHECKOUT

HOURS: Final = (1, 24)
NESTED: Final[Mapping[str, str]] = {"${RunModelArn}": "run_model", "${DeleteVersionsArn}": "delete_versions"}
NAMES: Final = ("train_model", *NESTED.values())
HISTORY_LIMIT: Final = 25_000  # events, at which Step Functions fails an execution

# Of our functions, in MB (stacks/). Seconds are assumed: a cold start each time, for minutes lie between two calls.
_MEGABYTES: Final[Mapping[str, int]] = {
    "${CheckDatasetArn}": 1024,
    "${JudgeVersionArn}": 1024,
    "${ReportTrainingArn}": 2048,
}
_SECONDS: Final[Mapping[str, float]] = {
    "${CheckDatasetArn}": 10.0,
    "${JudgeVersionArn}": 10.0,
    "${ReportTrainingArn}": 20.0,
}
_OTHER_MEGABYTES: Final = 256
_OTHER_SECONDS: Final = 2.0
_EVENT_LOG: Final = 1000  # bytes, assumed: our workflows log each event of their history, and its data
_CALL_LOG: Final = 1000  # bytes, assumed: Lambda's own lines and one of ours

LOOP_SECONDS: Final = 5
_LOOP_CALL_SECONDS: Final = 0.1  # assumed: a warm call
_LOOP_MEGABYTES: Final = 128  # Lambda's least
_LOOP_CALL_LOG: Final = 350  # bytes of Lambda's own lines, about
_LOOP_STATES: Final = 3  # Wait, Task, Choice
_LOOP_EVENTS: Final = 2 + 5 + 2

SAMPLE_SECONDS: Final = 900
_SAMPLE_STATES: Final = 3  # create the version, judge its F1 score, start it


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a training used."""

    transitions: int
    calls: int = 0  # of functions
    gb_seconds: float = 0.0
    gb_second: float = prices.LAMBDA_GB_SECOND_ARM  # its price
    log_bytes: int = 0

    @property
    def by_service(self) -> dict[str, float]:
        """Dollars, by service."""
        return {
            "Step Functions": self.transitions * prices.STATE_TRANSITION,
            "Lambda": self.calls * prices.LAMBDA_REQUEST + self.gb_seconds * self.gb_second,
            "CloudWatch Logs": self.log_bytes * prices.LOG_BYTE,
        }

    @property
    def dollars(self) -> float:
        """Dollars of all services."""
        return sum(self.by_service.values())


@dataclass(frozen=True)
class Compared:
    """A training: ours, the loop, and the sample at its own pace."""

    ours: Usage
    loop: Usage
    sample: Usage
    by_machine: Mapping[str, int]  # our transitions


def training(hours: Sequence[int] = HOURS) -> dict[str, Any]:
    """Walk and count; print the table and return the report's keys."""
    numbers = {str(each): _numbers(compared(each)) for each in hours}
    print(f"\n{_note()}")
    return {"training": numbers}


def compared(hours: int) -> Compared:
    """Return what a training of so many hours uses."""
    seconds = hours * 3600
    journey, called = walked(seconds)
    return Compared(
        ours=ours(journey, called),
        loop=loop(seconds),
        sample=sample(seconds),
        by_machine={name: journey.transitions(name) for name in NAMES},
    )


def walked(training_seconds: float) -> tuple[Journey, Mapping[str, int]]:
    """Walk a training from the upload to its end; return the walk, and how often it called each function."""
    clock = Clock()
    services = Services(clock, training_seconds)
    journey = Journey({name: _definition(name) for name in NAMES}, NESTED, services.answer, clock)
    journey.walk("train_model", UPLOAD)
    return journey, services.called


def ours(journey: Journey, called: Mapping[str, int]) -> Usage:
    """Return what a walk used, with the functions that it called, by their placeholders."""
    return Usage(
        transitions=journey.transitions(),
        calls=sum(called.values()),
        gb_seconds=sum(
            times * _SECONDS.get(name, _OTHER_SECONDS) * _MEGABYTES.get(name, _OTHER_MEGABYTES) / 1024
            for name, times in called.items()
        ),
        log_bytes=sum(journey.events.values()) * _EVENT_LOG + sum(called.values()) * _CALL_LOG,
    )


def loop(training_seconds: float) -> Usage:
    """Return what looking every 5 seconds uses, at the training and then at the start of the model."""
    looks = _looks(training_seconds) + _looks(START_SECONDS)
    return Usage(
        transitions=looks * _LOOP_STATES,
        calls=looks,
        gb_seconds=looks * _LOOP_CALL_SECONDS * _LOOP_MEGABYTES / 1024,
        gb_second=prices.LAMBDA_GB_SECOND_X86,  # Lambda's usual processor
        log_bytes=looks * _LOOP_CALL_LOG,
    )


def sample(training_seconds: float) -> Usage:
    """Return what the sample uses at its own pace; it looks at once, before it waits."""
    waits = math.ceil(training_seconds / SAMPLE_SECONDS)
    return Usage(transitions=_SAMPLE_STATES + 2 * (waits + 1) + waits)


def _looks(seconds: float) -> int:
    return math.ceil(seconds / (LOOP_SECONDS + _LOOP_CALL_SECONDS))


def _definition(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((CHECKOUT / "statemachines" / f"{name}.asl.json").read_text(encoding="utf-8"))
    return read


def _numbers(found: Compared) -> dict[str, Any]:
    return {
        "transitions": found.ours.transitions,
        "transitions_by_workflow": dict(found.by_machine),
        "dollars": round(found.ours.dollars, 6),
        "dollars_by_service": _rounded(found.ours.by_service),
        "baseline_transitions": found.loop.transitions,
        "baseline_dollars": round(found.loop.dollars, 6),
        "baseline_dollars_by_service": _rounded(found.loop.by_service),
        "sample_transitions": found.sample.transitions,
        "sample_dollars": round(found.sample.dollars, 6),
    }


def _rounded(dollars: Mapping[str, float]) -> dict[str, float]:
    return {service: round(number, 6) for service, number in dollars.items()}


def _note() -> str:
    hours = HISTORY_LIMIT / _LOOP_EVENTS * (LOOP_SECONDS + _LOOP_CALL_SECONDS) / 3600
    return (
        f"Ours claims and checks the data, trains, judges, starts the model ({START_SECONDS // 60} min, assumed), "
        f"promotes it, stops the one before ({STOP_SECONDS // 60} min, assumed), deletes none, and tells. The loop is "
        "the waits for the training and for the start, and nothing else. The sample creates the version, looks every "
        f"{SAMPLE_SECONDS // 60} min, and starts the model without a wait for it.\n"
        "Transitions are counted; times of functions and bytes of logs are assumed.\n"
        f"One execution's history holds {HISTORY_LIMIT:,} events: the loop is over after {hours:.1f} h."
    )
