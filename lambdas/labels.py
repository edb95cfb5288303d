"""What a model saw: custom labels as DetectCustomLabels returns them, and their summary."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LabelSummary:
    """One distinct label of an image."""

    name: str
    confidence: float  # percent, of the best occurrence
    count: int  # occurrences: boxes, or 1 for an image-level label


def summarize(custom_labels: Iterable[dict[str, Any]]) -> list[LabelSummary]:
    """Reduce a DetectCustomLabels answer to its distinct labels, the most confident first."""
    best: dict[str, float] = {}
    count: Counter[str] = Counter()
    for label in custom_labels:
        name = label["Name"]
        best[name] = max(best.get(name, 0.0), label["Confidence"])
        count[name] += 1
    return sorted(
        (LabelSummary(name, confidence, count[name]) for name, confidence in best.items()),
        key=lambda label: (-label.confidence, label.name),
    )
