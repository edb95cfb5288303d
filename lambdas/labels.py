"""What a model saw: custom labels as DetectCustomLabels returns them, and their summary."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.deployment_settings import ProjectSettings

# Members of a job's outcome, of which it has one at most: what DetectCustomLabels returned, and the summary of what
# Rekognition saw in a video (lambdas/timelines.py).
LABEL_LISTS: Final = ("CustomLabels", "Labels")


@dataclass(frozen=True)
class LabelSummary:
    """One distinct label of an image or video."""

    name: str
    confidence: float  # percent, of the best occurrence
    count: int  # occurrences: boxes, or 1 for an image-level label; segments of a video


def summarize(labels: Iterable[dict[str, Any]]) -> list[LabelSummary]:
    """Reduce a list of labels to its distinct ones, the most confident first."""
    best: dict[str, float] = {}
    count: Counter[str] = Counter()
    for label in labels:
        name = label["Name"]
        best[name] = max(best.get(name, 0.0), label["Confidence"])
        count[name] += label.get("Count", 1)
    return sorted(
        (LabelSummary(name, confidence, count[name]) for name, confidence in best.items()),
        key=lambda label: (-label.confidence, label.name),
    )


def labels_of(outcome: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the list of labels that a job's outcome holds; none where it FAILED, or where they are in S3."""
    return next((outcome[name] for name in LABEL_LISTS if name in outcome), [])


def confidences(outcome: Mapping[str, Any]) -> dict[str, float]:
    """Return the best confidence of each distinct label of a job's outcome, the highest first."""
    stored: dict[str, float] | None = outcome.get("Confidences")  # where the labels themselves are in S3
    if stored is not None:
        return dict(sorted(stored.items(), key=lambda entry: (-entry[1], entry[0])))
    return {label.name: label.confidence for label in summarize(labels_of(outcome))}


def request_limits(settings: ProjectSettings) -> dict[str, Any]:
    """Return the members MinConfidence and MaxResults of a DetectCustomLabels request, where the service cuts.

    MinConfidence holds for all labels alike and MaxResults counts after it. With thresholds by label, the service is
    asked for all that the lowest threshold lets pass, and `kept` cuts.
    """
    limits: dict[str, Any] = {}
    if settings.min_confidence is not None:
        limits["MinConfidence"] = min([settings.min_confidence, *settings.label_thresholds.values()])
    if settings.max_results is not None and not settings.label_thresholds:
        limits["MaxResults"] = settings.max_results
    return limits


def kept(custom_labels: Iterable[dict[str, Any]], settings: ProjectSettings) -> list[dict[str, Any]]:
    """Return the labels that the project's thresholds let pass, the most confident first, `max_results` at most."""
    labels = list(custom_labels)
    if not settings.label_thresholds:
        return labels
    others = settings.min_confidence or 0.0
    passed = [label for label in labels if label["Confidence"] >= settings.label_thresholds.get(label["Name"], others)]
    return sorted(passed, key=lambda label: -label["Confidence"])[: settings.max_results]
