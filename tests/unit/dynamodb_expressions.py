"""DynamoDB's condition and update expressions, as far as lambdas/ use them; any other form is an error here."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from tests.unit.aws import Refusal

Item = dict[str, Any]
Said = Mapping[str, Any]
Test = Callable[[Item], bool]

# Of DynamoDB's reserved words, those that an attribute here could be called.
_RESERVED: Final = frozenset(
    {
        "STATUS",
        "NAME",
        "COUNT",
        "TIMESTAMP",
        "STATE",
        "VALUE",
        "KEY",
        "TOTAL",
        "PROJECT",
        "REGION",
        "DATE",
        "TIME",
        "TOKEN",
        "ITEMS",
    }
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda one, other: one == other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_TOKEN: Final = re.compile(r"\s*(<=|>=|[()=<>,]|[#:]?\w+)")


def condition(expression: str, said: Said) -> Test:
    """Read a condition: comparisons, BETWEEN, attribute_exists and begins_with under AND, OR and parentheses."""
    return _Parser(expression, said).whole()


def check_placeholders(expressions: str, said: Said) -> None:
    """DynamoDB refuses placeholders that no expression uses, and uses that no placeholder explains."""
    used = set(re.findall(r"[#:]\w+", expressions))
    given = set(said.get("ExpressionAttributeNames", {})) | set(said.get("ExpressionAttributeValues", {}))
    if used != given:
        raise Refusal("ValidationException", message=f"placeholders differ: {used ^ given}")


def updated(item: Item, expression: str, said: Said) -> Item:
    """Return an item after an update: SET of values and attributes, ADD of numbers, REMOVE."""
    changed = dict(item)
    touched: set[str] = set()
    clauses = re.split(r"(?:^|\s)(SET|ADD|REMOVE)\s", expression)[1:]
    for verb, rest in zip(clauses[::2], clauses[1::2], strict=True):
        for part in rest.split(", "):
            spelled, *operand = re.split(r" = | ", part.strip())
            name = _name(spelled, said)
            assert name not in touched, f"DynamoDB refuses two paths that overlap: {name}"
            touched.add(name)
            if verb == "REMOVE":
                changed.pop(name, None)
                continue
            (source,) = operand
            value = said["ExpressionAttributeValues"][source] if source.startswith(":") else item[_name(source, said)]
            changed[name] = value if verb == "SET" else _sum(changed.get(name, {"N": "0"}), value)
    return changed


def _sum(one: Item, other: Item) -> Item:
    return dict(TypeSerializer().serialize(_plain(one) + _plain(other)))


def _plain(value: Item) -> Any:
    return TypeDeserializer().deserialize(value)


def _name(spelled: str, said: Said) -> str:
    if spelled.startswith("#"):
        return str(said["ExpressionAttributeNames"][spelled])
    assert spelled.upper() not in _RESERVED, f"{spelled} is a reserved word of DynamoDB; use a placeholder"
    return spelled


class _Parser:
    def __init__(self, expression: str, said: Said) -> None:
        self.said = said
        self.tokens = _TOKEN.findall(expression)
        assert "".join(self.tokens) == re.sub(r"\s", "", expression), f"this table does not know {expression!r}"

    def whole(self) -> Test:
        test = self._either()
        assert not self.tokens, f"this table does not know what begins with {self.tokens}"
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._took("OR"):
            tests.append(self._both())
        return lambda item: any(test(item) for test in tests)

    def _both(self) -> Test:
        tests = [self._term()]
        while self._took("AND"):
            tests.append(self._term())
        return lambda item: all(test(item) for test in tests)

    def _term(self) -> Test:
        if self._took("("):
            inner = self._either()
            self._expect(")")
            return inner
        word = self.tokens.pop(0)
        if word in ("attribute_exists", "attribute_not_exists", "begins_with"):
            return self._function(word)
        name = _name(word, self.said)
        operator = self.tokens.pop(0)
        if operator == "BETWEEN":
            low = self._value()
            self._expect("AND")
            high = self._value()
            if low > high:
                raise Refusal("ValidationException", message="BETWEEN needs a lower bound that is not over its upper")
            return lambda item: name in item and low <= _plain(item[name]) <= high
        compare, value = _COMPARISONS[operator], self._value()
        return lambda item: name in item and compare(_plain(item[name]), value)

    def _function(self, word: str) -> Test:
        self._expect("(")
        name = _name(self.tokens.pop(0), self.said)
        if word == "begins_with":
            self._expect(",")
            prefix = self._value()
            self._expect(")")
            return lambda item: name in item and _plain(item[name]).startswith(prefix)
        self._expect(")")
        return lambda item: (name in item) is (word == "attribute_exists")

    def _value(self) -> Any:
        return _plain(self.said["ExpressionAttributeValues"][self.tokens.pop(0)])

    def _took(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        self.tokens.pop(0)
        return True

    def _expect(self, token: str) -> None:
        found = self.tokens.pop(0)
        assert found == token, f"{token} was expected, not {found}"
