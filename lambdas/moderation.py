"""What moderation says of an image: the labels of DetectModerationLabels, and by the project's policy what follows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lambdas.moderation_settings import Action, ModerationSettings


class Verdict(StrEnum):
    """What moderation makes of an image, the mildest first."""

    PASSED = "PASSED"
    FLAGGED = "FLAGGED"  # the model looked at it all the same
    BLOCKED = "BLOCKED"  # no model looked at it, and no copy of it was drawn


_VERDICTS: Final = {Action.PASS: Verdict.PASSED, Action.FLAG: Verdict.FLAGGED, Action.BLOCK: Verdict.BLOCKED}
_SEVERITY: Final = {verdict: number for number, verdict in enumerate(Verdict)}


@dataclass(frozen=True, kw_only=True)
class Moderation:
    """The outcome of one moderation."""

    verdict: Verdict
    labels: Sequence[Mapping[str, Any]] = ()  # Name, ParentName, Confidence, TaxonomyLevel, as the service says them
    model_version: str | None = None
    human_loop: Mapping[str, Any] = field(default_factory=dict)  # HumanLoopActivationOutput, where one was asked for

    def to_json(self) -> dict[str, Any]:
        """Spell it as members of a job's document."""
        said = {
            "Moderation": self.verdict.value,
            "ModerationLabels": [dict(label) for label in self.labels],
            "ModerationModelVersion": self.model_version,
            "HumanLoopActivationOutput": dict(self.human_loop) or None,
        }
        return {name: value for name, value in said.items() if value is not None}


# Members of a job's document, and of its notification, that moderation writes.
MODERATION_MEMBERS: Final = ("Moderation", "ModerationLabels", "ModerationModelVersion", "HumanLoopActivationOutput")


def moderation_of(item: Mapping[str, Any]) -> Moderation | None:
    """Read the members that `Moderation.to_json` wrote; None where there are none."""
    if "Moderation" not in item:
        return None
    return Moderation(
        verdict=Verdict(item["Moderation"]),
        labels=item["ModerationLabels"],
        model_version=item.get("ModerationModelVersion"),
        human_loop=item.get("HumanLoopActivationOutput", {}),
    )


def gravest(moderations: Iterable[Moderation]) -> Moderation | None:
    """Return what moderation says of a video, of whose frames it said these; None where none was moderated.

    The gravest verdict, and each label where it was surest, the surest first.
    """
    each = list(moderations)
    if not each:
        return None
    surest: dict[str, Mapping[str, Any]] = {}
    for label in (label for one in each for label in one.labels):
        if label["Confidence"] > surest.get(label["Name"], {"Confidence": -1})["Confidence"]:
            surest[label["Name"]] = label
    return Moderation(
        verdict=max((one.verdict for one in each), key=_SEVERITY.__getitem__),
        labels=sorted(surest.values(), key=lambda label: (-label["Confidence"], label["Name"])),
        model_version=each[0].model_version,
    )


def judge(labels: Sequence[Mapping[str, Any]], settings: ModerationSettings) -> Verdict:
    """Return the gravest verdict of an image's moderation labels.

    The service names all categories above a label too. So only the most specific ones are judged, each by its own name
    or by the nearest category above it that the policy names: a policy can block Alcohol and let Drinking pass.
    """
    above = {label["Name"]: label.get("ParentName", "") for label in labels}
    lowest = above.keys() - set(above.values())
    verdicts = (_VERDICTS[_action(name, above, settings)] for name in lowest)
    return max(verdicts, key=_SEVERITY.__getitem__, default=Verdict.PASSED)


def _action(name: str, above: Mapping[str, str], settings: ModerationSettings) -> Action:
    while name:
        if name in settings.policy:
            return settings.policy[name]
        name = above.get(name, "")
    return settings.otherwise
