"""Pages of a DynamoDB table's items, of one partition or of several merged, with tokens that say where to go on."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from lambdas.items import to_item

_NUMBER: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,40})?")  # epoch milliseconds or percent
_SCOPE_LENGTH: Final = 12  # characters of a digest that tells one question from another


class InvalidTokenError(ValueError):
    """The token is not one of this question's."""

    def __init__(self) -> None:
        super().__init__("NextToken is not one that this question has answered with; leave it out to begin anew")


@dataclass(frozen=True)
class Order:
    """The sort key by which a partition is read, and the range of it that is wanted, both ends included."""

    attribute: str
    low: float | str = 0
    high: float | str = 10**15
    is_number: bool = False

    def typed(self, value: str) -> dict[str, str]:
        """Spell a value of the sort key as DynamoDB does."""
        return {"N" if self.is_number else "S": value}


@dataclass(frozen=True)
class Stream:
    """One partition of the table or of an index."""

    attribute: str
    value: str
    order: Order
    index: str | None = None
    descending: bool = True


# Where a stream goes on: the PK, SK and sort key of the item before. () at its beginning, None at its end.
_Place = tuple[str, ...] | None


@dataclass(frozen=True)
class Pages:
    """Reads pages of one table, through a boto3 DynamoDB client."""

    dynamodb: Any
    name: str

    def page(self, streams: Sequence[Stream], limit: int, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """Return up to `limit` items of the streams, merged by their order, and the token of the next page, if any.

        Raises InvalidTokenError.
        """
        places = _read_token(token, streams) if token is not None else [() for _ in streams]
        found = [self._query(stream, place, limit) for stream, place in zip(streams, places, strict=True)]
        ahead = [items for items, _ in found]
        merged: list[dict[str, Any]] = []
        taken = [0] * len(streams)
        # A stream that has more but shows none of it yet might go before what the others show.
        while len(merged) < limit and not any(
            more and used == len(items) for (items, more), used in zip(found, taken, strict=True)
        ):
            waiting = [at for at, items in enumerate(ahead) if taken[at] < len(items)]
            if not waiting:
                break
            first = max(waiting, key=lambda at: (_rank(streams[at], ahead[at][taken[at]]), -at))
            merged.append(ahead[first][taken[first]])
            taken[first] += 1
        after = [
            _place_after(stream, place, items[:used], more or used < len(items))
            for stream, place, (items, more), used in zip(streams, places, found, taken, strict=True)
        ]
        return merged, None if all(place is None for place in after) else _token(after, streams)

    def _query(self, stream: Stream, place: _Place, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Return the next items of a stream, and whether there may be more."""
        if place is None:
            return [], False
        order = stream.order
        start = (
            {
                "ExclusiveStartKey": {
                    **to_item({"PK": place[0], "SK": place[1], stream.attribute: stream.value}),
                    order.attribute: order.typed(place[2]),
                }
            }
            if place
            else {}
        )
        answer = self.dynamodb.query(
            TableName=self.name,
            **({"IndexName": stream.index} if stream.index else {"ConsistentRead": True}),
            KeyConditionExpression=f"{stream.attribute} = :value AND {order.attribute} BETWEEN :low AND :high",
            ExpressionAttributeValues=to_item({":value": stream.value, ":low": order.low, ":high": order.high}),
            ScanIndexForward=not stream.descending,
            Limit=limit,
            **start,
        )
        return answer["Items"], "LastEvaluatedKey" in answer


def _rank(stream: Stream, item: dict[str, Any]) -> Decimal:
    """Return what is larger for an item that goes first; streams that are merged are ordered by a number."""
    value = Decimal(item[stream.order.attribute].get("N", "0"))
    return value if stream.descending else -value


def _place_after(stream: Stream, place: _Place, taken: list[dict[str, Any]], more: bool) -> _Place:
    if not more:
        return None
    if not taken:
        return place
    last = taken[-1]
    (sort,) = last[stream.order.attribute].values()
    return last["PK"]["S"], last["SK"]["S"], sort


def _scope(streams: Sequence[Stream]) -> str:
    said = json.dumps([asdict(stream) for stream in streams], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:_SCOPE_LENGTH]


def _token(places: Sequence[_Place], streams: Sequence[Stream]) -> str:
    said = json.dumps([_scope(streams), *places], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _read_token(token: str, streams: Sequence[Stream]) -> list[_Place]:
    try:
        said = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error) as error:
        raise InvalidTokenError from error
    if not isinstance(said, list) or len(said) != len(streams) + 1 or said[0] != _scope(streams):
        raise InvalidTokenError
    return [_read_place(place, stream) for place, stream in zip(said[1:], streams, strict=True)]


def _read_place(said: Any, stream: Stream) -> _Place:
    if said is None or said == []:
        return said if said is None else ()
    if not isinstance(said, list) or len(said) != 3 or not all(isinstance(part, str) and part for part in said):
        raise InvalidTokenError
    if stream.order.is_number:
        low, high = Decimal(str(stream.order.low)), Decimal(str(stream.order.high))
        # DynamoDB refuses a place outside of what is asked for.
        if not _NUMBER.fullmatch(said[2]) or not low <= Decimal(said[2]) <= high:
            raise InvalidTokenError
    return tuple(said)
