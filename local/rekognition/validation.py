"""Check a request against botocore's model of the service, as AWS's front end does.

botocore itself checks only names, types, required members and minima before it sends. Lists, lengths, ranges,
enums and patterns are checked here; members that the model does not know are dropped, as AWS does.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

import botocore.loaders
from botocore.model import ServiceModel, Shape

from local.rekognition.errors import ServiceError
from local.rekognition.protocol import Json

T = TypeVar("T")

API_VERSION = "2016-06-27"
# Characters. No member with a pattern may have more than 2,048; to try a very long text could take minutes.
_LONGEST_MATCHED = 4096
# The model writes Java expressions. There \d and \w are ASCII, \p{..} is a Unicode category (which Python's `re` does
# not know), and a dot ends at more characters than \n.
_PIECE = re.compile(r"\\p\{\w\}|\\.|.", re.DOTALL)
_DOT = r"[^\n\r\x85\u2028\u2029]"
_ASSIGNED = 0x40000  # code points; no letter, number or space lies beyond
_INTEGER_BITS = {"integer": 31, "long": 63}


@cache
def service_model() -> ServiceModel:
    """Return botocore's model of Amazon Rekognition."""
    description = botocore.loaders.Loader().load_service_model("rekognition", "service-2", API_VERSION)
    return ServiceModel(description, "rekognition")


def knows(operation: str) -> bool:
    return operation in service_model().operation_names


def validated(operation: str, request: Json) -> Json:
    """Return the known members of the request, blobs decoded.

    Raises ServiceError: SerializationException for a wrong type, ValidationException for a broken constraint.
    """
    shape = service_model().operation_model(operation).input_shape
    broken: list[str] = []
    members = _structure(shape, request, "", broken)
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise ServiceError("ValidationException", count + "; ".join(broken))
    return members


def _structure(shape: Shape, value: object, path: str, broken: list[str]) -> Json:
    given: dict[str, Any] = _of_type(value, dict, shape, path)
    members: Json = {}
    for name, member in shape.members.items():
        inner = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        if given.get(name) is not None:
            members[name] = _value(member, given[name], inner, broken)
        elif name in shape.required_members:
            broken.append(f"Value null at '{inner}' failed to satisfy constraint: Member must not be null")
    return members


def _value(shape: Shape, value: object, path: str, broken: list[str]) -> object:
    return _CHECKS[shape.type_name](shape, value, path, broken)


def _list(shape: Shape, value: object, path: str, broken: list[str]) -> list[object]:
    items: list[Any] = _of_type(value, list, shape, path)
    _within(shape, len(items), value, path, "length", broken)
    return [_value(shape.member, item, f"{path}.{number}.member", broken) for number, item in enumerate(items, 1)]


def _map(shape: Shape, value: object, path: str, broken: list[str]) -> Json:
    items: dict[str, Any] = _of_type(value, dict, shape, path)
    _within(shape, len(items), value, path, "length", broken)
    checked: Json = {}
    for key, item in items.items():
        _string(shape.key, key, f"{path}.key", broken)
        checked[key] = _value(shape.value, item, f"{path}.{key}.member", broken)
    return checked


def _string(shape: Shape, value: object, path: str, broken: list[str]) -> str:
    text = _of_type(value, str, shape, path)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ServiceError("SerializationException", f"The value at '{path}' holds half a character.")
    _within(shape, len(text), text, path, "length", broken)
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, text):
        broken.append(_unsatisfied(text, path, f"Member must satisfy regular expression pattern: {pattern}"))
    if shape.enum and text not in shape.enum:
        broken.append(_unsatisfied(text, path, f"Member must satisfy enum value set: {_joined(shape.enum)}"))
    return text


def _matches(pattern: str, text: str) -> bool:
    """Tell whether the whole text matches; one longer than any name or ARN does not, and is not tried."""
    return len(text) <= _LONGEST_MATCHED and _compiled(pattern).fullmatch(text) is not None


def _blob(shape: Shape, value: object, path: str, broken: list[str]) -> bytes:
    text = _of_type(value, str, shape, path)
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ServiceError("SerializationException", f"The value at '{path}' is not base64.") from None
    size = len(content)
    _within(shape, size, f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]", path, "length", broken)
    return content


def _integer(shape: Shape, value: object, path: str, broken: list[str]) -> int:
    number = _of_type(value, int, shape, path)
    if not -(1 << _INTEGER_BITS[shape.type_name]) <= number < 1 << _INTEGER_BITS[shape.type_name]:
        raise _wrong_type(shape, path)
    _within(shape, number, number, path, "value", broken)
    return number


def _float(shape: Shape, value: object, path: str, broken: list[str]) -> float:
    try:
        number = float(value) if type(value) is int else _of_type(value, float, shape, path)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ServiceError("SerializationException", f"The value at '{path}' is not a finite number.")
    _within(shape, number, number, path, "value", broken)
    return number


def _boolean(shape: Shape, value: object, path: str, _broken: list[str]) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(shape, path)
    return value


_CHECKS: dict[str, Callable[[Shape, object, str, list[str]], object]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
}


def _within(shape: Shape, size: float, value: object, path: str, measure: str, broken: list[str]) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        broken.append(_unsatisfied(value, path, f"Member must have {measure} greater than or equal to {least}"))
    if most is not None and size > most:
        broken.append(_unsatisfied(value, path, f"Member must have {measure} less than or equal to {most}"))


def _of_type(value: object, kind: type[T], shape: Shape, path: str) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):  # JSON's true is no number, Python's is
        raise _wrong_type(shape, path)
    return value


def _wrong_type(shape: Shape, path: str) -> ServiceError:
    return ServiceError("SerializationException", f"The value at '{path or 'the top'}' is not a {shape.type_name}.")


def _unsatisfied(value: object, path: str, constraint: str) -> str:
    shown = _joined(value) if isinstance(value, list) else value
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"


def _joined(values: Iterable[object]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    translated, in_class = "", False
    for piece in _PIECE.findall(pattern):
        if piece.startswith(r"\p{"):
            translated += _members(piece[3])
        elif piece == "." and not in_class:
            translated += _DOT
        else:
            translated += piece
        in_class = piece == "[" or (in_class and piece != "]")
    return re.compile(translated, re.ASCII)


@cache
def _members(category: str) -> str:
    """Return the characters of a Unicode category, such as L, as one writes them inside a class."""
    inside = [unicodedata.category(chr(code)).startswith(category) for code in range(_ASSIGNED + 1)]
    edges = [code for code in range(1, len(inside)) if inside[code] != inside[code - 1]]
    return "".join(rf"\U{first:08x}-\U{beyond - 1:08x}" for first, beyond in zip(edges[::2], edges[1::2], strict=True))
