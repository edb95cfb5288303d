"""Cut long answers into pages. A page's token is plain here: seals.py makes it one that cannot be made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

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
    token names the creation time of the last thing shown, so that a page neither skips nor repeats when things come
    and go.
    """
    size = request.get("MaxResults", largest)
    if request.get("NextToken"):
        last = float(request["NextToken"])
        things = [thing for thing in things if thing.created < last]
    shown = list(things[:size])
    if len(things) <= size:
        return shown, {}
    return shown, {"NextToken": repr(things[size - 1].created)}


def page_of_list(things: Sequence[Item], request: dict[str, Any]) -> tuple[list[Item], dict[str, str]]:
    """Return the page of a list that keeps its order, and NextToken, how many were shown, when more follow."""
    start = int(request.get("NextToken") or 0)
    end = start + request.get("MaxResults", LARGEST_PAGE)
    more = {"NextToken": str(end)} if end < len(things) else {}
    return list(things[start:end]), more
