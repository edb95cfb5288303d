"""Judge answers: by botocore's parser and the model's shapes, with nothing that they do not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, Shape
from botocore.parsers import ResponseParserError, create_parser

from local.rekognition.protocol import Answer
from local.rekognition.validation import API_VERSION, service_model
from tests.conformance.values import broken_by

# Not in the model: the front end answers it for constraints, in a body of its own shape.
VALIDATION = "ValidationException"
# Not in the model either, nor in the service's documents: what AWS's JSON protocol answers to a wrong JSON type.
SERIALIZATION = "SerializationException"
_FRONT_END = {VALIDATION, SERIALIZATION}
_FRONT_END_BODY = {"__type", "message"}
_SERVICE_BODY = {"__type", "Code", "Logref", "Message"}


def error_of(answer: Answer) -> str | None:
    """Return the name of the error, None for a success."""
    return None if answer.status == 200 else str(json.loads(answer.body).get("__type"))


def flaws(operation: str, answer: Answer) -> list[str]:
    """Return what is wrong with an answer, whatever the request was."""
    model = service_model().operation_model(operation)
    try:
        body = json.loads(answer.body)
        parsed = _parsed(model, answer)
    except (ValueError, ResponseParserError) as error:
        return [f"botocore cannot parse the answer: {error}"]
    if "x-amzn-RequestId" not in answer.headers:
        return ["the answer has no x-amzn-RequestId"]
    if answer.status == 200:
        return list(_strange(model.output_shape, body, "answer")) if model.output_shape else []
    return list(_error_flaws(model, answer.status, body, parsed))


def _parsed(model: OperationModel, answer: Answer) -> dict[str, Any]:
    response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
    parsed: dict[str, Any] = create_parser("json").parse(response, model.output_shape)
    return parsed


def _error_flaws(model: OperationModel, status: int, body: dict[str, Any], parsed: dict[str, Any]) -> Iterator[str]:
    code = body.get("__type")
    declared = {shape.name: shape for shape in model.error_shapes}
    if code not in declared and code not in _FRONT_END:
        yield f"{model.name} does not declare {code}: {body}"
        return
    members = set(declared[code].members) if code in declared else set()
    expected = _FRONT_END_BODY if code in _FRONT_END else _SERVICE_BODY | members
    if not set(body) <= expected:
        yield f"{code} has a body of {sorted(body)}"
    wanted = 500 if code in _faults() else 400
    if status != wanted:
        yield f"{code} comes with status {status}, not {wanted}"
    if parsed["Error"]["Code"] != code or not parsed["Error"]["Message"]:
        yield f"botocore reads {code} as {parsed['Error']}"


@cache
def _faults() -> frozenset[str]:
    """Return the errors that are the service's own; botocore's shapes do not tell, the model's text does."""
    shapes = Loader().load_service_model("rekognition", "service-2", API_VERSION)["shapes"]
    return frozenset(name for name, shape in shapes.items() if shape.get("fault"))


def _strange(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yield what a response holds that the model does not know or allow."""
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                if name not in shape.members:
                    yield f"{path}.{name} is unknown to the model"
                else:
                    yield from _strange(shape.members[name], member, f"{path}.{name}")
        case "list":
            for number, item in enumerate(value):
                yield from _strange(shape.member, item, f"{path}[{number}]")
        case "map":
            for key, item in value.items():
                yield from _strange(shape.key, key, f"{path} key")
                yield from _strange(shape.value, item, f"{path}[{key!r}]")
        case "boolean" | "timestamp":
            if not isinstance(value, bool if shape.type_name == "boolean" else int | float):
                yield f"{path} is {value!r}, no {shape.type_name}"
        case _:
            yield from _out_of_bounds(shape, value, path)


def _out_of_bounds(shape: Shape, value: Any, path: str) -> Iterator[str]:
    kinds: dict[str, Any] = {"integer": int, "long": int, "float": int | float, "double": int | float}
    if isinstance(value, bool) or not isinstance(value, kinds.get(shape.type_name, str)):
        yield f"{path} is {value!r}, no {shape.type_name}"
        return
    for kind in broken_by(shape, value):
        yield f"{path} is {value!r}: against its {kind}"
