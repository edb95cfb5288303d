"""HTML that is safe by how it is made: whatever is not Markup is text, and is escaped."""

import html
import unicodedata
from typing import Final

_HOSTILE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})  # controls, turns of direction, halves of pairs
_KEPT: Final = frozenset("\u200c\u200d")  # joiners, which scripts and emoji need
_LONG: Final = 20  # characters, above which a table may cut a name


class Markup(str):
    """HTML that needs no more escaping. Only this module and constants of the page make it."""

    __slots__ = ()


def plain(text: str) -> str:
    """Return a text without what changes how the text around it is shown."""
    shown = (
        "\ufffd" if unicodedata.category(letter) in _HOSTILE and letter not in _KEPT else letter for letter in text
    )
    return "".join(shown)


def escaped(child: str) -> Markup:
    """Return what may stand in an element or an attribute."""
    return child if isinstance(child, Markup) else Markup(html.escape(plain(child)))


def tag(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Return an element; `class_` is the attribute class, `aria_label` is aria-label."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value if isinstance(value, str) else f"{value:g}")}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Return children one after the other."""
    return Markup("".join(map(escaped, children)))


def void(name: str, /, **attributes: str | float) -> Markup:
    """Return an HTML element that has no end tag."""
    return Markup(tag(name, **attributes).removesuffix(f"</{name}>"))


def label(text: str) -> Markup:
    """Return the name of a label, which keeps its direction of writing to itself. A long one may be shown cut."""
    return tag("bdi", text, class_="label", title=text) if len(text) > _LONG else tag("bdi", text, class_="label")
