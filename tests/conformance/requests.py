"""Put one value into a request, wherever in the shape its member is."""

from __future__ import annotations

from enum import Enum
from typing import Any

from botocore.model import Shape

from tests.conformance.constraints import Inside, Path
from tests.conformance.values import valid

# Where only one of two members may be given, the other one of the request that succeeds makes way.
_RIVALS = {"Bytes": "S3Object", "S3Object": "Bytes", "DatasetArn": "GroundTruthManifest"}


class Left(Enum):
    """What stands for a member that is left out."""

    OUT = "out"


def with_value(shape: Shape, request: Any, path: Path, value: Any) -> Any:
    """Return the request with the value at the path; what is missing on the way comes from the model."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    match step:
        case Inside.ITEM:
            items = request or valid(shape) or [valid(shape.member)]
            return [with_value(shape.member, items[0], rest, value), *items[1:]]
        case Inside.KEY:
            return {value: valid(shape.value)}
        case Inside.VALUE:
            return {valid(shape.key): value}
    given = dict(request if request is not None else valid(shape))
    if value is Left.OUT and not rest:
        given.pop(step, None)
        return given
    if _RIVALS.get(step) in shape.members:
        given.pop(_RIVALS[step], None)
    given[step] = with_value(shape.members[step], given.get(step), rest, value)
    return given


def spelled(request: Any, path: Path) -> str:
    """Return the path as the front end spells it: `tags.team.member`, `datasets.1.member.arn`."""
    words: list[str] = []
    for step in path:
        match step:
            case Inside.ITEM:
                words += ["1", "member"]
                request = request[0]
            case Inside.KEY:
                words.append("key")
            case Inside.VALUE:
                key = next(iter(request))
                words += [key, "member"]
                request = request[key]
            case _:
                words.append(step[0].lower() + step[1:])
                request = request.get(step)
    return ".".join(words)
