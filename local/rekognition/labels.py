"""Name what a picture or a video frame shows. These are not Amazon's labels.

Amazon's model names things (car, beach, wedding); nothing here can. The stand-in gives only labels that are true by
construction, each with the measure that makes it true as its confidence, so that a client's handling of labels,
parents, filters and confidences can be tried on any picture:

| Label | Parent | Confidence |
|---|---|---|
| one of pixels.Color, capitalized (`Red`) | `Color` | percentage of the pixels that have the colour |
| `Dark`, `Bright` | `Lighting` | percentage of the pixels in the lowest, highest third of brightness |
| `Blurry` | `Focus` | 100 less the sharpness: few or no edges |

A parent is returned too, with the best confidence of its children. All are of the category that CATEGORY names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.rekognition.pixels import Pixels, bright_share, color_shares, dark_share, quality

MODEL_VERSION = "local-1.0"  # says that it is not one of Amazon's
CATEGORY = "Colors and Visual Composition"
_ALIASES = {"Grey": "Gray"}


@dataclass(frozen=True)
class Label:
    """A name for what is seen, and how sure it is (0 to 100)."""

    name: str
    confidence: float
    parent: str | None = None

    def described(self) -> dict[str, Any]:
        """Return it as the API's Label, without Instances: the rule knows no single things."""
        return {
            "Name": self.name,
            "Confidence": self.confidence,
            "Parents": [{"Name": self.parent}] if self.parent else [],
            "Aliases": [{"Name": _ALIASES[self.name]}] if self.name in _ALIASES else [],
            "Categories": [{"Name": CATEGORY}],
        }


def labels_of(pixels: Pixels) -> list[Label]:
    """Return every label that is true of at least one pixel, most confident first."""
    shares = color_shares(pixels)
    children = [Label(color.capitalize(), share, "Color") for color, share in shares.items()]
    children += [Label("Dark", dark_share(pixels), "Lighting"), Label("Bright", bright_share(pixels), "Lighting")]
    children.append(Label("Blurry", 100 - quality(pixels).sharpness, "Focus"))
    children = [child for child in children if child.confidence > 0]
    best: dict[str, float] = {}
    for child in children:
        if child.parent:
            best[child.parent] = max(child.confidence, best.get(child.parent, 0.0))
    parents = [Label(name, confidence) for name, confidence in best.items()]
    return sorted([*children, *parents], key=lambda label: (-label.confidence, label.name))


def chosen(labels: Sequence[Label], least_confidence: float, filters: Mapping[str, list[str]]) -> list[Label]:
    """Return the labels that are sure enough and pass the filters (a GeneralLabelsSettings)."""
    return [label for label in labels if label.confidence >= least_confidence and _passes(label, filters)]


def _passes(label: Label, filters: Mapping[str, list[str]]) -> bool:
    """Tell whether some inclusion filter, if there is any, and no exclusion filter names the label or its category."""
    names, categories = filters.get("LabelInclusionFilters", []), filters.get("LabelCategoryInclusionFilters", [])
    included = label.name in names or CATEGORY in categories or not (names or categories)
    excluded = label.name in filters.get("LabelExclusionFilters", [])
    return included and not excluded and CATEGORY not in filters.get("LabelCategoryExclusionFilters", [])
