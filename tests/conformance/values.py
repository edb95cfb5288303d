"""Make values: valid ones from the model, ones that break one constraint, ones that just keep it."""

from __future__ import annotations

import base64
import math
from typing import Any

from botocore.model import Shape

from tests.conformance.constraints import Kind
from tests.conformance.patterns import pattern

# Characters that patterns tend to disagree about: other alphabets' letters and digits, marks, spaces, controls.
_PROBES = "é大²Ⅷ٣\u0301\u00a0\u3000\t\n\r\x0b\x1c\u0085\u2028\x00 !€😀#'[]^`{}~\\\"/:@=+,;?()."
_ANY_LENGTH = 4096  # for members without a maximum
_WRONG_TYPES: dict[str, list[Any]] = {
    "string": [7, True, ["x"], {"x": "x"}],
    "blob": [7, ["x"], "not base64!"],
    "list": ["x", {"x": "x"}],
    "map": ["x", ["x"]],
    "structure": ["x", ["x"]],
    "boolean": ["true", 1],
    "integer": ["1", True, 1.5, 1 << 31],
    "float": ["1", True, math.nan],
}


def valid(shape: Shape) -> Any:
    """Return the least value that the model allows; a structure holds its required members only."""
    match shape.type_name:
        case "structure":
            return {name: valid(shape.members[name]) for name in shape.required_members}
        case "list":
            return [valid(shape.member)] * shape.metadata.get("min", 0)
        case "map":
            return {}
        case "string" if shape.enum:
            return shape.enum[0]
        case "boolean":
            return True
        case _:
            return _of_size(shape, _least(shape))


def breaking(shape: Shape, kind: Kind) -> list[Any]:
    """Return values that break a constraint, and where that can be no other of the member.

    Empty only for a size that nothing falls below: no length is under 0.
    """
    metadata = shape.metadata
    match kind:
        case Kind.TYPE:
            return _WRONG_TYPES[shape.type_name]
        case Kind.MIN if metadata["min"] == 0 and not _is_number(shape):
            return []
        case Kind.MIN:
            return [_of_size(shape, metadata["min"] - _step(shape))]
        case Kind.MAX:
            return [_of_size(shape, metadata["max"] + _step(shape))]
        case Kind.PATTERN:
            return [text for text in _probed(shape) if not pattern(metadata["pattern"]).matches(text)]
        case Kind.ENUM:
            return ["NOT_ONE_OF_THEM"]
    raise AssertionError(f"{kind} is broken by leaving the member out")


def keeping(shape: Shape, kind: Kind) -> list[Any]:
    """Return values at the edge of a constraint, on the side that is allowed."""
    match kind:
        case Kind.MIN:
            return [_of_size(shape, _least(shape))]
        case Kind.MAX:
            return [_of_size(shape, shape.metadata["max"])]
        case Kind.PATTERN:
            return [text for text in _probed(shape) if pattern(shape.metadata["pattern"]).matches(text)]
        case Kind.ENUM:
            return list(shape.enum)
        case _:
            return [valid(shape)]


def broken_by(shape: Shape, value: Any) -> list[Kind]:
    """Tell which constraints of a member a value of the right type breaks; members of its own are not looked at."""
    size = value if _is_number(shape) else _length(shape, value)
    metadata = shape.metadata
    broken = []
    if size < metadata.get("min", -math.inf):
        broken.append(Kind.MIN)
    if size > metadata.get("max", math.inf):
        broken.append(Kind.MAX)
    if "pattern" in metadata and not pattern(metadata["pattern"]).matches(value):
        broken.append(Kind.PATTERN)
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        broken.append(Kind.ENUM)
    return broken


def _is_number(shape: Shape) -> bool:
    return shape.type_name in ("integer", "long", "float", "double")


def _length(shape: Shape, value: Any) -> int:
    if shape.type_name == "blob":
        return len(base64.b64decode(value))
    return len(value) if isinstance(value, str | list | dict) else 0


def _step(shape: Shape) -> float:
    return 0.5 if shape.type_name in ("float", "double") else 1


def _least(shape: Shape) -> int:
    """Return the least size that all constraints of the member together allow."""
    least: int = shape.metadata.get("min", 0)
    if "pattern" in shape.metadata:
        least = max(least, pattern(shape.metadata["pattern"]).shortest)
    return least


def _of_size(shape: Shape, size: float) -> Any:
    """Return a value of this length, or this number; a text matches its pattern when one of that length can."""
    match shape.type_name:
        case "string":
            return _text(shape, int(size))
        case "blob":
            return base64.b64encode(bytes(int(size))).decode()
        case "list":
            return [_item(shape.member, number) for number in range(int(size))]
        case "map":
            return {_item(shape.key, number): valid(shape.value) for number in range(int(size))}
        case _:
            return size


def _text(shape: Shape, length: int) -> str:
    if "pattern" in shape.metadata:
        wanted = pattern(shape.metadata["pattern"])
        if wanted.shortest <= length <= wanted.longest:
            return wanted.write(length)
        return wanted.write(wanted.shortest)[:length]
    return "a" * length


def _item(shape: Shape, number: int) -> Any:
    """Return a valid value, another one for each number where the model leaves room for it."""
    if shape.type_name == "string" and not shape.enum and shape.metadata.get("max", _ANY_LENGTH) > 3:
        distinct = f"n{number}"
        if not broken_by(shape, distinct):
            return distinct
    return valid(shape)


def _probed(shape: Shape) -> list[str]:
    """Return texts of lawful length: a plain one, and it with one character replaced, at either end."""
    wanted = pattern(shape.metadata["pattern"])
    low, high = max(_least(shape), 1), min(shape.metadata.get("max", _ANY_LENGTH), wanted.longest)
    plain = wanted.write(int(min(low + 2, high)))
    spoilt = [text for c in _PROBES for text in (c + plain[1:], plain[:-1] + c)]
    blank = " " * len(plain)
    return [plain, blank, *spoilt, "aws:" + plain]
