"""Plain Python values to DynamoDB attribute values and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a mapping as a DynamoDB item; floats become numbers with all their digits."""
    return {name: _SERIALIZER.serialize(_with_decimals(value)) for name, value in values.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read a DynamoDB item into plain values; whole numbers become int, others float."""
    return {name: _without_decimals(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def _with_decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: _with_decimals(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_decimals(inner) for inner in value]
    return value


def _without_decimals(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _without_decimals(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_decimals(inner) for inner in value]
    return value
