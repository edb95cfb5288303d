"""Cut long answers into pages."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from local.rekognition.errors import invalid_token

LARGEST_PAGE = 100
Item = TypeVar("Item")


class Dated(Protocol):
    """What can be paged: no two of one list are of the same time."""

    @property
    def created(self) -> float: ...


Thing = TypeVar("Thing", bound=Dated)


def page(
    things: Sequence[Thing], request: dict[str, Any], largest: int = LARGEST_PAGE
) -> tuple[list[Thing], dict[str, str]]:
    """Return the page of newest-first things that the request asks for, and NextToken when more follow.

    `largest` is the size of a page where the request gives none; what it gives is within the bounds of the model. A
    token names the creation time of the last thing shown and the request it belongs to, so that a page neither skips
    nor repeats when things come and go. Raises ServiceError: InvalidPaginationTokenException.
    """
    size, scope = request.get("MaxResults", largest), _scope(request)
    if request.get("NextToken"):
        last = _last_shown(request["NextToken"], scope)
        things = [thing for thing in things if thing.created < last]
    shown = list(things[:size])
    if len(things) <= size:
        return shown, {}
    return shown, {"NextToken": _token(things[size - 1].created, scope)}


def page_of_list(things: Sequence[Item], request: dict[str, Any]) -> tuple[list[Item], dict[str, str]]:
    """Return the page of a list that keeps its order, and NextToken when more follow.

    A token names how many were shown before and the request it belongs to. Raises ServiceError:
    InvalidPaginationTokenException.
    """
    scope = _scope(request)
    start = _last_shown(request["NextToken"], scope) if request.get("NextToken") else 0.0
    end = int(start) + request.get("MaxResults", LARGEST_PAGE)
    more = {"NextToken": _token(float(end), scope)} if end < len(things) else {}
    return list(things[int(start) : end]), more


def _scope(request: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in request.items() if k not in ("NextToken", "MaxResults")}, sort_keys=True)


def _token(last: float, scope: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([last, _digest(scope)]).encode()).decode()


def _last_shown(token: str, scope: str) -> float:
    try:
        last, digest = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise invalid_token() from None
    if not isinstance(last, float) or not math.isfinite(last) or last < 0 or digest != _digest(scope):
        raise invalid_token()
    return last


def _digest(scope: str) -> int:
    return binascii.crc32(scope.encode())
