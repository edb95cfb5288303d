"""What a project wants of moderation: which labels count, what follows from each, and whether people look too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lambdas.setting_checks import Check, SettingsError, checked, number_from, one_of

_FLOW_DEFINITION: Final = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"flow-definition/(?P<name>[a-z0-9](-*[a-z0-9]){0,62})"
)
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Action(StrEnum):
    """What follows from a moderation label, the mildest first."""

    PASS = "pass"  # noqa: S105 - no password
    FLAG = "flag"  # the model looks at the image all the same; the result says so
    BLOCK = "block"  # no model looks at it


class DataAttribute(StrEnum):
    """What Augmented AI is told about images before people see them."""

    FREE_OF_PERSONAL_DATA = "FreeOfPersonallyIdentifiableInformation"
    FREE_OF_ADULT_CONTENT = "FreeOfAdultContent"


@dataclass(frozen=True, kw_only=True)
class HumanReview:
    """The review by people that Amazon Augmented AI begins where the flow definition's conditions hold."""

    flow_definition_arn: str
    output_bucket: str  # of the flow definition: its answers are read there
    data_attributes: tuple[DataAttribute, ...] = ()

    @property
    def region(self) -> str:
        """The Region of the flow definition."""
        return self._part("region")

    @property
    def account(self) -> str:
        """The account of the flow definition."""
        return self._part("account")

    @property
    def flow_definition(self) -> str:
        """The name of the flow definition."""
        return self._part("name")

    def _part(self, name: str) -> str:
        found = _FLOW_DEFINITION.fullmatch(self.flow_definition_arn)
        assert found
        return found[name]


@dataclass(frozen=True, kw_only=True)
class ModerationSettings:
    """How images are moderated before the model looks at them."""

    min_confidence: float = 50  # percent; the service leaves out labels below it
    policy: Mapping[str, Action] = field(default_factory=dict)  # by the name of a category of any level
    otherwise: Action = Action.FLAG  # of labels that the policy names neither themselves nor by a category above
    human_review: HumanReview | None = None


def parse_moderation(where: str, raw: Any) -> ModerationSettings | None:
    """Check what a project says of moderation; raise SettingsError that names the key."""
    if raw is None:
        return None
    values = _object(where, raw, _CHECKS, ModerationSettings)
    if "policy" in values:
        values["policy"] = {name: Action(action) for name, action in values["policy"].items()}
    if "otherwise" in values:
        values["otherwise"] = Action(values["otherwise"])
    return ModerationSettings(**values, human_review=_parse_review(f"{where}.human_review", raw.get("human_review")))


def _parse_review(where: str, raw: Any) -> HumanReview | None:
    if raw is None:
        return None
    values = _object(where, raw, _REVIEW_CHECKS, HumanReview)
    for key in ("flow_definition_arn", "output_bucket"):
        if key not in values:
            raise SettingsError(f"{where}.{key} is missing; it must be {_REVIEW_CHECKS[key].must}")
    attributes = tuple(DataAttribute(said) for said in values.pop("data_attributes", []))
    return HumanReview(**values, data_attributes=attributes)


def _object(where: str, raw: Any, checks: Mapping[str, Check], words: type) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{where} must be an object")
    return checked(where, raw, checks, words)


def _is_policy(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and name and action in list(Action) for name, action in value.items()
    )


def _matches(pattern: re.Pattern[str], what: str, longest: int) -> Check:
    return Check(
        lambda value: isinstance(value, str) and len(value) <= longest and bool(pattern.fullmatch(value)), what
    )


def _are_attributes(value: Any) -> bool:
    return (
        isinstance(value, list) and all(said in list(DataAttribute) for said in value) and len(set(value)) == len(value)
    )


_CHECKS: Final[Mapping[str, Check]] = {
    "min_confidence": number_from(0, 100),
    "policy": Check(_is_policy, f"an object of moderation categories with {' or '.join(Action)} each"),
    "otherwise": one_of(*Action),
}
_REVIEW_CHECKS: Final[Mapping[str, Check]] = {
    "flow_definition_arn": _matches(
        _FLOW_DEFINITION,
        "the ARN of a flow definition of Amazon Augmented AI, arn:aws:sagemaker:REGION:ACCOUNT:flow-definition/NAME",
        256,
    ),
    "output_bucket": _matches(_BUCKET, "the name of the bucket in the flow definition's S3OutputPath", 63),
    "data_attributes": Check(_are_attributes, f"a list of different words of {', '.join(DataAttribute)}"),
}
