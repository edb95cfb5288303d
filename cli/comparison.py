"""What changed between two results of the same images."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from lambdas.jobs import Job, JobStatus
from lambdas.labels import confidences

NOTABLE: Final = 5.0  # percent points; a smaller shift of confidence alone is not a change worth a line


@dataclass(frozen=True)
class Change:
    """One image: its earlier result, where there is one, and its new one."""

    earlier: Job | None
    job: Job

    @property
    def is_compared(self) -> bool:
        """Whether there are labels of both."""
        return self.earlier is not None and {self.earlier.status, self.job.status} == {JobStatus.SUCCEEDED}

    @property
    def gained(self) -> dict[str, float]:
        """Labels that are new, with their confidence."""
        return _missing(self.job, self.earlier) if self.is_compared and self.earlier else {}

    @property
    def lost(self) -> dict[str, float]:
        """Labels that are gone, with the confidence that they had."""
        return _missing(self.earlier, self.job) if self.is_compared and self.earlier else {}

    @property
    def shifts(self) -> dict[str, tuple[float, float]]:
        """Confidences before and after, of the labels that stayed."""
        if not self.is_compared or self.earlier is None:
            return {}
        before, after = confidences(self.earlier.outcome), confidences(self.job.outcome)
        return {name: (before[name], after[name]) for name in before if name in after}

    @property
    def is_notable(self) -> bool:
        """Whether a person should look: other labels, another status, or a clear shift."""
        if self.earlier is not None and self.earlier.status is not self.job.status:
            return True
        shifted = any(abs(after - before) >= NOTABLE for before, after in self.shifts.values())
        return bool(self.gained or self.lost or shifted)

    def to_json(self) -> dict[str, Any]:
        """Spell the change for `--json`."""
        return {
            "Image": self.job.image.to_json(),
            "Job": _of(self.job),
            "EarlierJob": _of(self.earlier) if self.earlier else None,
            "Gained": self.gained,
            "Lost": self.lost,
            "Shifts": {name: list(shift) for name, shift in self.shifts.items()},
        }

    def in_words(self) -> str:
        """Say what changed in one line."""
        if not self.is_compared:
            said = [f"{self.earlier.status} before, {self.job.status} now" if self.earlier else "no earlier result"]
            return " ".join([*said, *([str(self.job.outcome["ErrorCode"])] if "ErrorCode" in self.job.outcome else [])])
        words = [f"+{name} {confidence:.1f}" for name, confidence in self.gained.items()]
        words += [f"-{name} {confidence:.1f}" for name, confidence in self.lost.items()]
        words += [
            f"{name} {before:.1f} -> {after:.1f}"
            for name, (before, after) in self.shifts.items()
            if abs(after - before) >= NOTABLE
        ]
        return ", ".join(words)


@dataclass(frozen=True)
class LabelChange:
    """One label over all compared images."""

    name: str
    before: int  # images that had it
    after: int
    gained: int
    lost: int
    mean_shift: float | None  # percent points, over the images that had it and have it; None: there are none

    def to_json(self) -> dict[str, Any]:
        """Spell it for `--json`."""
        return {
            "Name": self.name,
            "Before": self.before,
            "After": self.after,
            "Gained": self.gained,
            "Lost": self.lost,
            "MeanShift": self.mean_shift,
        }


def by_label(changes: Iterable[Change]) -> list[LabelChange]:
    """Count what changed label by label, in the order of their names."""
    compared = [change for change in changes if change.is_compared]
    names = {name for change in compared for name in (*change.gained, *change.lost, *change.shifts)}
    return [_label_change(name, compared) for name in sorted(names)]


def _label_change(name: str, compared: list[Change]) -> LabelChange:
    stayed = [change.shifts[name] for change in compared if name in change.shifts]
    gained = sum(name in change.gained for change in compared)
    lost = sum(name in change.lost for change in compared)
    return LabelChange(
        name=name,
        before=len(stayed) + lost,
        after=len(stayed) + gained,
        gained=gained,
        lost=lost,
        mean_shift=fmean(after - before for before, after in stayed) if stayed else None,
    )


def _missing(of: Job, among: Job) -> dict[str, float]:
    known = confidences(among.outcome)
    return {name: confidence for name, confidence in confidences(of.outcome).items() if name not in known}


def _of(job: Job) -> dict[str, Any]:
    return {"JobId": job.id, "Status": job.status.value, "ProjectVersionArn": job.project_version_arn, "Run": job.run}
