"""Read the model's regular expressions: tell what matches, and write texts of a given length that do.

The model writes Java expressions that must match the whole value. They are read here by a small engine of their own,
so that a mistake in how the stand-in hands them to Python's `re` shows. It knows what the patterns in scope are made
of and refuses the rest: classes, groups, alternatives, quantifiers, anchors and a negative look-ahead.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_ALPHABET = "aA0-_./: é"  # what texts are made of, in this order of preference
_LINE_ENDS = "\n\r\u0085\u2028\u2029"
_ESCAPED: dict[str, Callable[[str], bool]] = {
    "d": lambda c: "0" <= c <= "9",
    "w": lambda c: c.isascii() and (c.isalnum() or c == "_"),
    "S": lambda c: c not in " \t\n\x0b\f\r",
}


class UnknownSyntaxError(ValueError):
    """A pattern holds something that this engine does not know; teach it."""


@dataclass(frozen=True)
class One:
    """One character of a set."""

    holds: Callable[[str], bool]
    low: float = 1
    high: float = 1

    def ends(self, text: str, starts: set[int]) -> set[int]:
        return {start + 1 for start in starts if start < len(text) and self.holds(text[start])}

    def write(self, _length: int) -> str:
        written: str = next(c for c in (*_ALPHABET, *map(chr, range(33, 0x250))) if self.holds(c))
        return written


@dataclass(frozen=True)
class Repeat:
    """A part again and again."""

    part: Node
    least: int
    most: float

    @property
    def low(self) -> float:
        return self.part.low * self.least

    @property
    def high(self) -> float:
        return self.part.high * self.most if self.most else 0

    def ends(self, text: str, starts: set[int]) -> set[int]:
        reached = set(starts) if self.least == 0 else set()
        edge, count = set(starts), 0
        while edge and count < self.most:
            count += 1
            edge = self.part.ends(text, edge)
            if count >= self.least:
                edge -= reached  # from there it was tried before
                reached |= edge
        return reached

    def write(self, length: int) -> str:
        count = max(self.least, math.ceil(length / self.part.high), min(length, 1))
        written = ""
        for left in range(count, 0, -1):
            share = length - len(written) - int(self.part.low) * (left - 1)
            written += self.part.write(int(min(share, self.part.high)))
        return written


@dataclass(frozen=True)
class Sequence:
    """One part after the other."""

    parts: tuple[Node, ...]

    @property
    def low(self) -> float:
        return sum(part.low for part in self.parts)

    @property
    def high(self) -> float:
        return sum(part.high for part in self.parts)

    def ends(self, text: str, starts: set[int]) -> set[int]:
        for part in self.parts:
            starts = part.ends(text, starts)
        return starts

    def write(self, length: int) -> str:
        spare = length - self.low
        written = ""
        for part in self.parts:
            more = min(spare, part.high - part.low)
            spare -= more
            written += part.write(int(part.low + more))
        return written


@dataclass(frozen=True)
class Either:
    """One of several."""

    choices: tuple[Node, ...]

    @property
    def low(self) -> float:
        return min(choice.low for choice in self.choices)

    @property
    def high(self) -> float:
        return max(choice.high for choice in self.choices)

    def ends(self, text: str, starts: set[int]) -> set[int]:
        return set().union(*(choice.ends(text, starts) for choice in self.choices))

    def write(self, length: int) -> str:
        return next(choice.write(length) for choice in self.choices if choice.low <= length <= choice.high)


@dataclass(frozen=True)
class Anchor:
    """The start or the end of the text."""

    at_end: bool
    low: float = 0
    high: float = 0

    def ends(self, text: str, starts: set[int]) -> set[int]:
        return starts & {len(text) if self.at_end else 0}

    def write(self, _length: int) -> str:
        return ""


@dataclass(frozen=True)
class NotAhead:
    """What must not follow."""

    part: Node
    low: float = 0
    high: float = 0

    def ends(self, text: str, starts: set[int]) -> set[int]:
        return {start for start in starts if not self.part.ends(text, {start})}

    def write(self, _length: int) -> str:
        return ""


Node = One | Repeat | Sequence | Either | Anchor | NotAhead


@dataclass(frozen=True)
class Pattern:
    """One expression of the model."""

    node: Node

    @property
    def shortest(self) -> int:
        return int(self.node.low)

    @property
    def longest(self) -> float:
        return self.node.high

    def matches(self, text: str) -> bool:
        return len(text) in self.node.ends(text, {0})

    def write(self, length: int) -> str:
        """Return a text of this length that matches."""
        text = self.node.write(length)
        if len(text) != length or not self.matches(text):
            raise UnknownSyntaxError(f"cannot write {length} characters of {self.node}")
        return text


@cache
def pattern(expression: str) -> Pattern:
    """Read an expression. Raises UnknownSyntaxError."""
    reader = _Reader(expression)
    node = reader.alternatives()
    if reader.at < len(expression):
        raise UnknownSyntaxError(expression[reader.at :])
    return Pattern(node)


class _Reader:
    """A cursor over an expression."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.at = 0

    def take(self, token: str) -> bool:
        """Step over the token if it comes next."""
        if not self.expression.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def next(self) -> str:
        if self.at >= len(self.expression):
            raise UnknownSyntaxError(f"{self.expression!r} ends too early")
        self.at += 1
        return self.expression[self.at - 1]

    def alternatives(self) -> Node:
        choices = [self.sequence()]
        while self.take("|"):
            choices.append(self.sequence())
        return choices[0] if len(choices) == 1 else Either(tuple(choices))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.expression) and self.expression[self.at] not in "|)":
            parts.append(self.quantified(self.atom()))
        return Sequence(tuple(parts))

    def atom(self) -> Node:
        if self.take("(?!"):
            return NotAhead(self.closed())
        if self.take("(?"):
            raise UnknownSyntaxError(self.expression)
        if self.take("("):
            return self.closed()
        if self.take("["):
            return One(self.character_class())
        if self.take("^"):
            return Anchor(at_end=False)
        if self.take("$"):
            return Anchor(at_end=True)
        if self.take("."):
            return One(lambda c: c not in _LINE_ENDS)
        return One(self.character())

    def closed(self) -> Node:
        node = self.alternatives()
        if not self.take(")"):
            raise UnknownSyntaxError(f"{self.expression!r} does not close a group")
        return node

    def quantified(self, node: Node) -> Node:
        for sign, least, most in (("*", 0, math.inf), ("+", 1, math.inf), ("?", 0, 1)):
            if self.take(sign):
                return Repeat(node, least, most)
        if self.take("{"):
            low, comma, high = "".join(iter(self.next, "}")).partition(",")
            return Repeat(node, int(low), int(high) if high else math.inf if comma else int(low))
        return node

    def character(self) -> Callable[[str], bool]:
        """Read one character or escape, and return what it stands for."""
        character = self.next()
        if character != "\\":
            return lambda c: c == character
        escape = self.next()
        if escape == "p":
            category = "".join(iter(self.next, "}")).removeprefix("{")
            return lambda c: unicodedata.category(c).startswith(category)
        if escape == "u":
            code = chr(int("".join(self.next() for _ in range(4)), 16))
            return lambda c: c == code
        if escape.isalnum() and escape not in _ESCAPED:
            raise UnknownSyntaxError(f"\\{escape} in {self.expression!r}")
        return _ESCAPED.get(escape, lambda c: c == escape)

    def character_class(self) -> Callable[[str], bool]:
        members = tuple(self.class_members())
        return lambda c: any(holds(c) for holds in members)

    def class_members(self) -> Iterator[Callable[[str], bool]]:
        while not self.take("]"):
            start = self.at
            holds = self.character()
            first = self.expression[start : self.at]
            if self.is_range(first):
                self.take("-")
                last_start = self.at
                self.character()
                low, high = _code(first), _code(self.expression[last_start : self.at])
                yield lambda c, low=low, high=high: low <= c <= high  # type: ignore[misc]
            else:
                yield holds

    def is_range(self, first: str) -> bool:
        """Tell whether a hyphen joins this character with the next: not after a range, nor before the end."""
        rest = self.expression[self.at : self.at + 2]
        single = len(first) == 1 or first.startswith("\\u") or not first[1:].isalnum()
        return single and rest.startswith("-") and rest != "-]"


def _code(written: str) -> str:
    return chr(int(written[2:], 16)) if written.startswith("\\u") else written[-1]
