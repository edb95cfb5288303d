"""A document whose tables come from a report: what stands between `<!-- NAME -->` and `<!-- /NAME -->`."""

import re
from collections.abc import Mapping
from typing import Final

_PLACE: Final = re.compile(r"<!-- (?P<name>\w+) -->\n.*?<!-- /(?P=name) -->", re.DOTALL)


def places(document: str) -> list[str]:
    """Return the names of a document's places."""
    return [place["name"] for place in _PLACE.finditer(document)]


def filled(document: str, texts: Mapping[str, str]) -> str:
    """Return the document with the texts at their places; a place without a text keeps what it has.

    Raises ValueError where the document has no place at all.
    """
    if not places(document):
        raise ValueError("the document has no place for a table; write <!-- drain --> and <!-- /drain --> on two lines")
    return _PLACE.sub(lambda place: _filled(place, texts), document)


def _filled(place: re.Match[str], texts: Mapping[str, str]) -> str:
    name = place["name"]
    return f"<!-- {name} -->\n\n{texts[name]}\n\n<!-- /{name} -->" if name in texts else place[0]
