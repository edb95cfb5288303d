"""Is a trained version good enough? Its scores against a project's minimums and against the active version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lambdas.deployment_settings import Minimum, ProjectSettings
from lambdas.evaluations import Evaluation, LabelScores

_METRICS: Final = ("f1", "precision", "recall")
_SHOWN: Final = 20  # reasons that are told one by one


class RivalTests(StrEnum):
    """How the test sets of two versions compare."""

    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    UNREADABLE = "UNREADABLE"  # what the other one's training has left is gone, or not ours to read


@dataclass(frozen=True)
class Rival:
    """The active version, as far as a new one is compared with it."""

    version_name: str
    evaluation: Evaluation
    test_sets: RivalTests


@dataclass(frozen=True)
class Verdict:
    """What is said of a version; it is accepted where nothing speaks against it."""

    reasons: tuple[str, ...]  # why it is rejected
    notes: tuple[str, ...]  # what could not be judged, and why

    @property
    def accepted(self) -> bool:
        """Whether it may run."""
        return not self.reasons


def judge(settings: ProjectSettings, candidate: Evaluation | None, rival: Rival | None) -> Verdict:
    """Judge a version by its project's settings; `rival` is the active version, None where there is none.

    A label's scores are compared on the same test set only: on another one they differ by chance alone.
    """
    if candidate is None:
        return Verdict(("the training left no evaluation, so nothing says how good the version is",), ())
    reasons, notes = list(_overall(settings, candidate)), []
    for metric in _METRICS:
        found, passed_over = _labels_under(metric, getattr(settings, f"min_label_{metric}"), candidate)
        reasons += found
        notes += passed_over
    if rival is not None:
        reasons += _not_better(settings, candidate, rival)
        reasons += _regressions(settings, candidate, rival)
        notes += _not_compared(settings, rival)
    return Verdict(_cut(reasons), _cut(notes))


def _overall(settings: ProjectSettings, candidate: Evaluation) -> Iterator[str]:
    if candidate.f1 < settings.min_f1:
        yield f"F1 {candidate.f1:.3f} is under min_f1, which is {settings.min_f1:g}"


def _labels_under(metric: str, minimum: Minimum, candidate: Evaluation) -> tuple[list[str], list[str]]:
    """Return the labels that are under a minimum, and those that no test image could judge."""
    reasons: list[str] = []
    notes: list[str] = []
    named = minimum if isinstance(minimum, Mapping) else dict.fromkeys(candidate.labels, minimum)
    for label, least in sorted(named.items()):
        scores = candidate.labels.get(label)
        if least is None:
            continue
        if scores is None:
            reasons.append(f"min_label_{metric} names {label!r}, which the version does not know")
        elif not scores.testing_images:
            (reasons if named is minimum else notes).append(f"no test image shows {label!r}, so nothing judges it")
        elif _score(scores, metric) < least:
            reasons.append(
                f"{metric} {_score(scores, metric):.3f} of {label!r} is under min_label_{metric}, which is {least:g}"
            )
    return reasons, notes


def _not_better(settings: ProjectSettings, candidate: Evaluation, rival: Rival) -> Iterator[str]:
    best = rival.evaluation.f1
    if settings.require_improvement and candidate.f1 <= best and candidate.f1 < 1:
        yield f"F1 {candidate.f1:.3f} is no improvement on {best:.3f} of {rival.version_name} (require_improvement)"


def _regressions(settings: ProjectSettings, candidate: Evaluation, rival: Rival) -> Iterator[str]:
    allowed = settings.max_label_regression
    if allowed is None or rival.test_sets is not RivalTests.SAME:
        return
    for label, before in sorted(rival.evaluation.labels.items()):
        now = candidate.labels.get(label)
        if now is None:
            yield f"{label!r} is gone, which {rival.version_name} knows (max_label_regression)"
        elif before.f1 - now.f1 > allowed + 1e-9:
            yield f"f1 of {label!r} fell from {before.f1:.3f} to {now.f1:.3f}, over max_label_regression {allowed:g}"


def _not_compared(settings: ProjectSettings, rival: Rival) -> Iterator[str]:
    if rival.test_sets is RivalTests.SAME:
        return
    if rival.test_sets is RivalTests.UNREADABLE:
        if settings.require_improvement or settings.max_label_regression is not None:
            yield f"what the training of {rival.version_name} has left cannot be read: only the overall F1 was compared"
        return
    if settings.require_improvement:
        yield f"{rival.version_name} was tested with other images: only the overall F1 was compared, and roughly"
    if settings.max_label_regression is not None:
        yield f"{rival.version_name} was tested with other images: its labels were not compared; freeze the test set"


def _score(scores: LabelScores, metric: str) -> float:
    return float(getattr(scores, metric))


def _cut(said: list[str]) -> tuple[str, ...]:
    rest = len(said) - _SHOWN
    return tuple(said) if rest <= 0 else (*said[:_SHOWN], f"and {rest} more")
