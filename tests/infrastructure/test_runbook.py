"""The runbook and the alarms belong together."""

import re

from lambdas.names import UNKNOWN
from tests.infrastructure.assembly import ROOT

WHERE_PEOPLE_REVIEW = {"take_review-errors", "take_review_dead-not-empty"}


def sections() -> set[str]:
    """Return the alarms that the runbook's headings name."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    return {name for heading in re.findall(r"^## (.+)$", text, re.MULTILINE) for name in heading.split(", ")}


def alarms(deployment) -> set[str]:
    """Return the alarms' names as the runbook writes them."""
    projects = "|".join([*deployment.said["projects"], UNKNOWN])
    names = (alarm.properties["AlarmName"] for alarm in deployment.all("AWS::CloudWatch::Alarm"))
    short = (name.removeprefix(f"custom-labels-{deployment.name}-") for name in names)
    return {re.sub(rf"^((?:detect_labels|start_video)\w*)-(?:{projects})-", r"\1-PROJECT-", name) for name in short}


def test_each_alarm_has_a_section_and_each_section_an_alarm(deployment):
    of_frames = {name for name in sections() if name.startswith(("sample_video", "merge_video"))}
    of_videos = {name for name in sections() if "_video" in name} - of_frames
    unused = (set() if deployment.films else of_videos) | (set() if deployment.framed else of_frames)
    ring = alarms(deployment) | (set() if deployment.moderates else WHERE_PEOPLE_REVIEW)
    assert ring == sections() - unused
