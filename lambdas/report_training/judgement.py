"""What judge_version said of the version that is reported."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judgement:
    """Whether a version is good enough by its project's settings, and why not."""

    accepted: bool
    reasons: tuple[str, ...]  # why it was rejected
    notes: tuple[str, ...]  # what could not be judged


def judgement_of(said: Mapping[str, Any]) -> Judgement | None:
    """Read an answer of judge_version; None where nothing was judged, as of a training that failed."""
    if not said:
        return None
    return Judgement(said["Accepted"], tuple(said["Reasons"]), tuple(said["Notes"]))
