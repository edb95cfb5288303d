"""The results of a video's frames to one timeline, one result and one notification."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.deployment_settings import ProjectSettings
from lambdas.errors import ErrorCode
from lambdas.frames import Frame, Frames, FrameStore
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus, Source, blocked, failed, succeeded
from lambdas.labels import labels_of
from lambdas.merge_video.contact_sheet import MOST_FRAMES, contact_sheet
from lambdas.moderation import Moderation, Verdict, gravest, moderation_of
from lambdas.names import ANNOTATED_FOLDER
from lambdas.queries import Queries, everything
from lambdas.results import BusyError, ResultsTable
from lambdas.start_jobs import StartJob
from lambdas.telling import Teller
from lambdas.timelines import CONTENT_TYPE, Segment, Sighting, Timeline
from lambdas.videos import pointed_from, timeline_key


@dataclass(frozen=True, kw_only=True)
class Merger:
    """What merging works with."""

    s3: Any
    bucket: str  # of results
    results: ResultsTable
    queries: Queries
    frames: FrameStore
    teller: Teller
    projects: Mapping[str, ProjectSettings]
    clock: Callable[[], float] = time.time


def merge(merger: Merger, start_id: str, *, holder: str, lease_seconds: float) -> Job | None:
    """Bring the job of a video whose frames are all done to its end and return it; None where it has expired.

    Safe to repeat: the same results give the same timeline, and a job that is final changes no more. Raises BusyError,
    and errors that are not the video's fault.
    """
    start = merger.results.starts.get(start_id)
    if start is None or start.status is JobStatus.IN_PROGRESS:
        return None
    opened = merger.results.open(_job_of(start), holder=holder, now=merger.clock(), lease_seconds=lease_seconds)
    if opened.busy_until is not None:
        raise BusyError(opened.job, opened.busy_until)
    job = _merged(merger, start, opened.job, holder) if opened.held else opened.job
    merger.teller.tell(job)
    return job


def _job_of(start: StartJob) -> Job:
    """Return the video's job as it was opened."""
    return Job(
        id=start.request["VideoJobId"],
        project=start.project,
        image=pointed_from(start.request),
        status=JobStatus.IN_PROGRESS,
        created_at=start.created_at,
    )


def _merged(merger: Merger, start: StartJob, job: Job, holder: str) -> Job:
    settings = merger.projects.get(job.project)
    final: Job | None = None
    try:
        final = merger.results.finish(
            job,
            _outcome(merger, start, job, settings),
            holder=holder,
            now=merger.clock(),
            retention_days=settings.retention_days if settings else None,
        )
        return final
    finally:
        if final is None:
            merger.results.release(job, holder=holder)


def _outcome(merger: Merger, start: StartJob, job: Job, settings: ProjectSettings | None) -> dict[str, Any]:
    frames = merger.frames.get(job.project, job.id)
    if frames is None:
        message = "The frames of the video were deleted before they were merged. Upload it again."
        return failed(ErrorCode.OBJECT_GONE, message, Source(size=0))
    done = everything(lambda token: merger.queries.by_start_job(start.id, token=token))
    looked = {one.image: merger.results.objects.completed(one) for one in done}
    source = Source(
        size=frames.size,
        width=frames.film.width,
        height=frames.film.height,
        job_tag=frames.job_tag,
    )
    moderation = gravest(said for said in map(_moderated, looked.values()) if said)
    about = {**_about(frames), **_counts(frames, looked, moderation)}
    ended = [(frame, looked[frame.image]) for frame in frames.frames if _succeeded(looked.get(frame.image))]
    if not ended:
        return {**_none_seen(frames, looked, source, moderation), **about}
    seen = [(frame, one) for frame, one in ended if not _is_blocked(one)]
    if moderation and not seen:
        return {**blocked(moderation, source), **about}
    timeline = Timeline(gap_ms=frames.gap_ms)
    lines = "".join(segment.to_line() for segment in _segments(timeline, seen, frames.interval_ms))
    key = timeline_key(job.project, job.id)
    merger.s3.put_object(Bucket=merger.bucket, Key=key, Body=lines.encode(), ContentType=CONTENT_TYPE)
    millis = sum(one.outcome.get("DetectMillis", 0) for _, one in seen)
    preview = _preview(merger, job, seen) if settings and settings.videos and settings.videos.preview else None
    return {
        **succeeded(timeline.summary(), source, millis, annotated=preview, moderation=moderation),
        **about,
        **_versions(seen),
        "Timeline": {"S3Bucket": merger.bucket, "S3ObjectName": key},
    }


def _succeeded(job: Job | None) -> bool:
    return job is not None and job.status is JobStatus.SUCCEEDED


def _moderated(job: Job) -> Moderation | None:
    return moderation_of(job.outcome)


def _is_blocked(job: Job) -> bool:
    """Tell whether no model saw a frame, and nobody is to see it."""
    moderation = _moderated(job)
    return moderation is not None and moderation.verdict is Verdict.BLOCKED


def _about(frames: Frames) -> dict[str, Any]:
    film = frames.film
    return {
        "VideoMetadata": {
            "DurationMillis": film.millis,
            "FrameRate": film.frame_rate,
            "FrameWidth": film.width,
            "FrameHeight": film.height,
        }
    }


def _counts(frames: Frames, looked: Mapping[ImageRef, Job], moderation: Moderation | None) -> dict[str, int]:
    counts = {
        "Frames": len(frames.frames),
        "FramesFailed": sum(not _succeeded(looked.get(frame.image)) for frame in frames.frames),
    }
    return counts | ({"FramesBlocked": sum(map(_is_blocked, looked.values()))} if moderation else {})


def _none_seen(
    frames: Frames, looked: Mapping[ImageRef, Job], source: Source, moderation: Moderation | None
) -> dict[str, Any]:
    """Spell the outcome of a video none of whose frames could be looked at, by the reason that most of them had."""
    ends = [looked[frame.image].outcome for frame in frames.frames if frame.image in looked]
    if not ends:
        return failed(ErrorCode.EXPIRED, "The results of the video's frames have expired. Upload it again.", source)
    code, _ = Counter(end["ErrorCode"] for end in ends).most_common(1)[0]
    message = next(end["StatusMessage"] for end in ends if end["ErrorCode"] == code)
    said = f"None of the {len(ends)} frames could be looked at. {message}"
    return failed(ErrorCode(code), said, source, moderation=moderation)


def _versions(seen: Sequence[tuple[Frame, Job]]) -> dict[str, Any]:
    """Say which version looked; several, where another was promoted in between."""
    arns = sorted({one.project_version_arn for _, one in seen if one.project_version_arn})
    return {"ProjectVersionArn": arns[0]} if len(arns) == 1 else {"ProjectVersionArns": arns}


def _segments(timeline: Timeline, seen: Sequence[tuple[Frame, Job]], interval_ms: float) -> Iterator[Segment]:
    for frame, job in seen:
        for label, sighting in _sightings(frame, labels_of(job.outcome), interval_ms):
            yield from timeline.see(label, sighting)
    yield from timeline.end()


def _sightings(frame: Frame, labels: Sequence[Mapping[str, Any]], interval_ms: float) -> Iterator[tuple[str, Sighting]]:
    """Yield what was seen of each label in a frame, at each of the moments that the frame stands for."""
    count = math.ceil((frame.until_ms - frame.at_ms) / interval_ms)
    moments = [round(frame.at_ms + number * interval_ms) for number in range(count)] + [frame.until_ms]
    for name in sorted({label["Name"] for label in labels}):
        found = [label for label in labels if label["Name"] == name]
        boxes = tuple(
            {"BoundingBox": label["Geometry"]["BoundingBox"], "Confidence": label["Confidence"]}
            for label in found
            if "BoundingBox" in label.get("Geometry", {})
        )
        best = max(label["Confidence"] for label in found)
        for moment in moments:
            yield name, Sighting(moment, best, boxes)


def _preview(merger: Merger, job: Job, seen: Sequence[tuple[Frame, Job]]) -> dict[str, str]:
    """Store a sheet of frames with their labels drawn, evenly taken from the video."""
    step = max(1, -(-len(seen) // MOST_FRAMES))
    shown = [(frame.at_ms, merger.frames.read(frame), labels_of(one.outcome)) for frame, one in seen[::step]]
    key = f"{ANNOTATED_FOLDER}/{job.project}/{job.id}.png"
    merger.s3.put_object(Bucket=merger.bucket, Key=key, Body=contact_sheet(shown), ContentType="image/png")
    return {"S3Bucket": merger.bucket, "S3ObjectName": key}
