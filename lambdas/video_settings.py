"""What a project may set about its stored videos."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.setting_checks import (
    Check,
    SettingsError,
    checked_object,
    list_of,
    or_null,
    over,
    ratio,
    whole,
    yes_or_no,
)

LONGEST_MINUTES: Final = 360.0  # of a video that Rekognition takes
MOST_FILTERS: Final = 100  # labels that the service takes in one filter
LONGEST_LABEL: Final = 50  # characters
LABEL_CHARACTERS: Final = "[A-Za-z0-9àâèçñó'-_(). ]"  # as the service's model spells them, range and all

_LABEL: Final = re.compile(f"{LABEL_CHARACTERS}{{1,{LONGEST_LABEL}}}")


@dataclass(frozen=True, kw_only=True)
class VideoSettings:
    """How a project's videos are looked at."""

    labels: bool = True  # by StartLabelDetection: Rekognition's own labels
    custom_labels: bool = False  # frames by the project's own model
    min_confidence: float | None = None  # percent, of Rekognition's own labels; None: the service's 50
    include_labels: tuple[str, ...] = ()  # Rekognition's own labels to look for; none: all
    exclude_labels: tuple[str, ...] = ()  # and those to leave out
    max_minutes: float = 60.0  # a longer video is refused before anything is paid for
    frames_per_second: float = 1.0  # of custom_labels: frames that are looked at
    max_frames: int = 600  # of custom_labels: of one video
    scene_change: float | None = None  # of custom_labels: percent by which a frame must differ from the last; None: all
    preview: bool = False  # of custom_labels: keep frames with their boxes drawn

    def __post_init__(self) -> None:
        if not self.labels and not self.custom_labels:
            raise SettingsError("labels and custom_labels are both false; set one to true, or leave videos out")
        both = sorted(set(self.include_labels) & set(self.exclude_labels))
        if both:
            raise SettingsError(f"include_labels and exclude_labels both name {', '.join(both)}; name it in one")


def parse_videos(where: str, raw: Any) -> VideoSettings | None:
    """Check what is said about videos, None where nothing is; raise SettingsError that names the key."""
    if raw is None:
        return None
    values = checked_object(where, raw, _CHECKS, VideoSettings)
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list | tuple)}
    try:
        return VideoSettings(**values | lists)
    except SettingsError as error:
        raise SettingsError(f"{where}.{error}") from None


def _labels() -> Check:
    each = list_of(_LABEL, "labels")
    return Check(
        lambda value: each.passes(value) and len(value) <= MOST_FILTERS,
        f"a list of up to {MOST_FILTERS} different labels of 1 to {LONGEST_LABEL} characters, as Rekognition spells "
        f"them: {LABEL_CHARACTERS}",
    )


_CHECKS: Final[Mapping[str, Check]] = {
    "labels": yes_or_no(),
    "custom_labels": yes_or_no(),
    "min_confidence": or_null(ratio(100)),
    "include_labels": _labels(),
    "exclude_labels": _labels(),
    "max_minutes": over(LONGEST_MINUTES),
    "frames_per_second": over(30),
    "max_frames": whole(1, 10_000),
    "scene_change": or_null(over(100)),
    "preview": yes_or_no(),
}
