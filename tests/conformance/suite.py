"""Hold every operation against its constraints: break each one, keep each one, and judge every answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.rekognition.operations import OPERATIONS as SERVED
from local.rekognition.protocol import Answer
from local.rekognition.validation import service_model
from tests.conformance.answers import SERIALIZATION, VALIDATION, error_of, flaws
from tests.conformance.constraints import OPERATIONS, Constraint, Kind, constraints_of
from tests.conformance.requests import Left, spelled, with_value
from tests.conformance.values import breaking, broken_by, keeping
from tests.conformance.world import World, furnish
from tests.unit.rekognition.rekognition_bench import ACCOUNT, REGION

_SHOWN = 300  # characters of an answer in a report
_PAUSE = 2.0  # seconds of the bench's clock between two requests, so that no rate is exceeded


@dataclass(frozen=True)
class Failure:
    """Something that the stand-in does otherwise than the model says; no constraint: the operation altogether."""

    operation: str
    constraint: str | None
    reason: str


@dataclass(frozen=True)
class Report:
    """What was held against what."""

    operations: int
    constraints: Counter[Kind]
    covered: Counter[Kind]
    unbreakable: int  # of the covered: lengths of at least 0, which can only be kept
    requests: int
    failures: tuple[Failure, ...]


class _Examination:
    """One operation's examination."""

    def __init__(self, operation: str, world: World) -> None:
        self.operation = operation
        self.world = world
        self.requests = 0
        self.shape = service_model().operation_model(operation).input_shape

    def succeeds(self) -> Iterator[str]:
        """Yield what is wrong with the answer to the request that is to succeed."""
        answer = self._send(self.world.request)
        if error_of(answer):
            yield f"a request that should succeed got {_shown(answer)}"
        yield from flaws(self.operation, answer)

    def holds(self, constraint: Constraint) -> Iterator[str]:
        """Yield what is wrong with the answers to requests that break and that keep a constraint."""
        if constraint.kind is Kind.REQUIRED:
            yield from self._refused(constraint, Left.OUT)
        else:
            for value in breaking(constraint.shape, constraint.kind):
                yield from self._refused(constraint, value)
        for value in keeping(constraint.shape, constraint.kind):
            yield from self._accepted(constraint, value)

    def _refused(self, constraint: Constraint, value: Any) -> Iterator[str]:
        request = with_value(self.shape, self.world.request, constraint.path, value)
        answer = self._send(request)
        yield from flaws(self.operation, answer)
        if constraint.kind is Kind.TYPE:
            if error_of(answer) != SERIALIZATION:
                yield f"{value!r} is of the wrong type and got {_shown(answer)}"
            return
        kinds = [Kind.REQUIRED] if value is Left.OUT else broken_by(constraint.shape, value)
        path = spelled(request, constraint.path)
        if error_of(answer) != VALIDATION or not _tells(answer, path, constraint, kinds):
            yield f"{_short(value)} breaks {', '.join(kinds)} at {path} and got {_shown(answer)}"

    def _accepted(self, constraint: Constraint, value: Any) -> Iterator[str]:
        answer = self._send(with_value(self.shape, self.world.request, constraint.path, value))
        yield from flaws(self.operation, answer)
        if error_of(answer) in (VALIDATION, SERIALIZATION, "InternalServerError"):
            yield f"{_short(value)} is allowed and got {_shown(answer)}"

    def _send(self, request: dict[str, Any]) -> Answer:
        self.requests += 1
        bench = self.world.bench
        bench.clock.pass_(_PAUSE)
        body = json.dumps(request).encode()
        return bench.service.answer(f"RekognitionService.{self.operation}", body, account=ACCOUNT, region=REGION)


def examine(operations: Sequence[str] = OPERATIONS) -> Report:
    """Examine the operations, each on a service of its own."""
    constraints: Counter[Kind] = Counter()
    covered: Counter[Kind] = Counter()
    failures: list[Failure] = []
    unbreakable = requests = 0
    for operation in operations:
        asked = constraints_of(operation)
        constraints.update(constraint.kind for constraint in asked)
        if operation not in SERVED:
            failures += [Failure(operation, str(constraint), "the operation is not served") for constraint in asked]
            continue
        try:
            examination = _Examination(operation, furnish(operation))
        except AssertionError as error:
            failures.append(Failure(operation, None, f"a step before it was refused: {error}"))
            continue
        failures += [Failure(operation, None, reason) for reason in examination.succeeds()]
        for constraint in asked:
            reasons = list(examination.holds(constraint))
            if reasons:
                more = f" (and {len(reasons) - 1} more)" if reasons[1:] else ""
                failures.append(Failure(operation, str(constraint), reasons[0] + more))
            covered[constraint.kind] += not reasons
            is_size = constraint.kind not in (Kind.REQUIRED, Kind.TYPE)
            unbreakable += not reasons and is_size and not breaking(constraint.shape, constraint.kind)
        requests += examination.requests
    return Report(len(operations), constraints, covered, unbreakable, requests, tuple(failures))


def _tells(answer: Answer, path: str, constraint: Constraint, kinds: Sequence[Kind]) -> bool:
    """Tell whether a refusal names the member with each broken constraint, and nothing else."""
    message = str(json.loads(answer.body).get("message"))
    count = f"{len(kinds)} validation error{'s' if len(kinds) > 1 else ''} detected: "
    told = [f" at '{path}' failed to satisfy constraint: {_words(constraint, kind)}" for kind in kinds]
    return bool(kinds) and message.startswith(count) and all(words in message for words in told)


def _words(constraint: Constraint, kind: Kind) -> str:
    metadata = constraint.shape.metadata
    number = constraint.shape.type_name in ("integer", "long", "float", "double")
    measure = "value" if number else "length"
    match kind:
        case Kind.REQUIRED:
            return "Member must not be null"
        case Kind.MIN:
            return f"Member must have {measure} greater than or equal to {metadata['min']}"
        case Kind.MAX:
            return f"Member must have {measure} less than or equal to {metadata['max']}"
        case Kind.PATTERN:
            return f"Member must satisfy regular expression pattern: {metadata['pattern']}"
        case _:
            return f"Member must satisfy enum value set: [{', '.join(constraint.shape.enum)}]"


def _shown(answer: Answer) -> str:
    text = answer.body.decode(errors="replace")
    return f"{answer.status} {text[:_SHOWN]}{'...' if len(text) > _SHOWN else ''}"


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
