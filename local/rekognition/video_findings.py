"""Look through the video of a label detection job."""

from __future__ import annotations

import tempfile

from local.rekognition.labels import Label, chosen, labels_of
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.pixels import Pixels
from local.rekognition.video_job import Failure, Job, Sightings
from local.rekognition.videos import UnusableVideoError, VideoFlaw, watch
from local.rekognition.workers import Check

_LEAST_CONFIDENCE = 50.0


def findings(job: Job, objects: ObjectStore, most_seconds: float, check: Check) -> Sightings | Failure:
    """Return what is seen, or why nothing is. Raises what `check` raises, which is called at every frame."""
    place = job.request["Video"]["S3Object"]
    least = job.request.get("MinConfidence", _LEAST_CONFIDENCE)
    filters = job.request.get("Settings", {}).get("GeneralLabels", {})

    def look(frame: Pixels) -> list[Label]:
        check()
        return chosen(labels_of(frame), least, filters)

    with tempfile.TemporaryFile() as file:
        try:
            objects.save(place["Bucket"], place["Name"], place.get("Version"), file)
            file.seek(0)
            return Sightings(*watch(file, most_seconds, look))
        except ObjectUnavailableError:
            return Failure(VideoFlaw.UNAVAILABLE)
        except UnusableVideoError as error:
            return Failure(error.flaw)
