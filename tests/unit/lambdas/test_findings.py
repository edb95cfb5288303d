"""What merging holds of a video's frames."""

import tempfile
import tracemalloc

from lambdas.frames import Frame
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus
from lambdas.merge_video.findings import Findings

LABELS, BOXES = 5, 4  # on each frame; boxes of each label


def looked(number):
    """Return a frame and its job, with labels of its own, as read from a table."""
    image = ImageRef("results", f"frames/digits/a/{number:09}.jpg", "v1")
    labels = [
        {
            "Name": f"label-{place % LABELS}",
            "Confidence": 90 + place / 1000,
            "Geometry": {"BoundingBox": {"Left": place / 100, "Top": number / 10**5, "Width": 0.1, "Height": 0.2}},
        }
        for place in range(LABELS * BOXES)
    ]
    outcome = {"Status": "SUCCEEDED", "CustomLabels": labels}
    job = Job(
        id=f"{number:032}", project="digits", image=image, status=JobStatus.SUCCEEDED, created_at=1, outcome=outcome
    )
    return Frame(1000 * number, 1000 * number, image, 1), job


def held(frames):
    """Return the most memory, in bytes, that a video of so many frames has taken."""
    tracemalloc.start()
    try:
        with tempfile.TemporaryFile() as lines:
            findings = Findings(lines)
            for number in range(frames):
                findings.take(*looked(number))
            findings.end()
            assert len(findings.seen) == frames
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_video_of_three_times_as_many_frames_takes_hardly_more_memory(monkeypatch):
    monkeypatch.setattr("lambdas.timelines.MOST_SIGHTINGS", 100)
    assert held(600) < 1.3 * held(200)
