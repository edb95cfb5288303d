"""The results of a video's frames to one timeline, one result and one notification."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.delivery import KILLS
from lambdas.deployment_settings import ProjectSettings
from lambdas.errors import ErrorCode, error_code
from lambdas.frames import Film, Frame, Frames, FrameStore
from lambdas.images import job_id
from lambdas.jobs import Job, JobStatus, Source, blocked, failed, succeeded
from lambdas.labels import labels_of
from lambdas.merge_video.contact_sheet import MOST_FRAMES, contact_sheet
from lambdas.merge_video.findings import Findings
from lambdas.names import ANNOTATED_FOLDER
from lambdas.object_file import GONE
from lambdas.queries import Queries
from lambdas.results import Opened, ResultsTable
from lambdas.start_jobs import StartJob
from lambdas.telling import Teller
from lambdas.timelines import CONTENT_TYPE
from lambdas.videos import pointed_from, timeline_key

_AT_ONCE: Final = 25  # results of frames that are read together; each may have 300 KB of labels


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
    opened = merger.results.open(
        _job_of(start), holder=holder, now=merger.clock(), lease_seconds=lease_seconds
    ).unless_busy()
    job = _merged(merger, opened, holder) if opened.held else opened.job
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


def _merged(merger: Merger, opened: Opened, holder: str) -> Job:
    settings = merger.projects.get(opened.job.project)
    final: Job | None = None
    try:
        final = merger.results.finish(
            opened.job,
            _outcome(merger, opened, settings),
            holder=holder,
            now=merger.clock(),
            retention_days=settings.retention_days if settings else None,
        )
        return final
    finally:
        if final is None:
            merger.results.release(opened.job, holder=holder)


def _outcome(merger: Merger, opened: Opened, settings: ProjectSettings | None) -> dict[str, Any]:
    job = opened.job
    if opened.crashes >= KILLS:
        message = (
            f"The function died {opened.crashes} times while it merged what was found on the frames. "
            "Lower frames_per_second or raise scene_change in cdk.json, and upload the video again."
        )
        return failed(ErrorCode.CRASHED, message, Source(size=0))
    frames = merger.frames.get(job.project, job.id)
    if frames is None:
        message = "The frames of the video were deleted before they were merged. Upload it again."
        return failed(ErrorCode.OBJECT_GONE, message, Source(size=0))
    with tempfile.TemporaryFile() as lines:
        findings = Findings(lines)
        for frame, looked in _looked(merger, job.project, frames.frames):
            findings.take(frame, looked)
        findings.end()
        return _spelled(merger, job, settings, frames, findings)


def _looked(merger: Merger, project: str, frames: Sequence[Frame]) -> Iterator[tuple[Frame, Job | None]]:
    """Yield frames with their jobs, a few in memory at a time; None where there is none, or its labels are gone."""
    for first in range(0, len(frames), _AT_ONCE):
        ids = {job_id(frame.image, project): frame for frame in frames[first : first + _AT_ONCE]}
        jobs = merger.queries.jobs(list(ids))
        for wanted, frame in ids.items():
            yield frame, _completed(merger, jobs[wanted]) if wanted in jobs else None


def _completed(merger: Merger, job: Job) -> Job | None:
    try:
        return merger.results.objects.completed(job)
    except ClientError as error:
        if error_code(error) not in GONE:
            raise
        return None


def _spelled(
    merger: Merger, job: Job, settings: ProjectSettings | None, frames: Frames, findings: Findings
) -> dict[str, Any]:
    film, moderation = frames.film, findings.moderation
    source = Source(size=frames.size, width=film.width, height=film.height, job_tag=frames.job_tag)
    about = {**_about(film), "Frames": len(frames.frames), **findings.counts()}
    if findings.none_succeeded:
        code, message = findings.failure()
        return {**failed(code, message, source, moderation=moderation), **about}
    if moderation and not findings.seen:
        return {**blocked(moderation, source), **about}
    key = timeline_key(job.project, job.id)
    findings.lines.seek(0)
    merger.s3.put_object(Bucket=merger.bucket, Key=key, Body=findings.lines, ContentType=CONTENT_TYPE)
    wants_preview = settings is not None and settings.videos is not None and settings.videos.preview
    preview = _preview(merger, job, findings.seen) if wants_preview else None
    labels = findings.timeline.summary()
    return {
        **succeeded(labels, source, findings.detect_millis, annotated=preview, moderation=moderation),
        **about,
        **_versions(findings),
        "Timeline": {"S3Bucket": merger.bucket, "S3ObjectName": key},
    }


def _about(film: Film) -> dict[str, Any]:
    return {
        "VideoMetadata": {
            "DurationMillis": film.millis,
            "FrameRate": film.frame_rate,
            "FrameWidth": film.width,
            "FrameHeight": film.height,
        }
    }


def _versions(findings: Findings) -> dict[str, Any]:
    """Say which version looked; several, where another was promoted in between."""
    arns = sorted(findings.versions)
    return {"ProjectVersionArn": arns[0]} if len(arns) == 1 else {"ProjectVersionArns": arns}


def _preview(merger: Merger, job: Job, seen: Sequence[Frame]) -> dict[str, str] | None:
    """Store a sheet of frames with their labels drawn, evenly taken from the video; None where all are gone."""
    step = max(1, -(-len(seen) // MOST_FRAMES))
    shown = (
        (frame.at_ms, jpeg, labels_of(looked.outcome))
        for frame, looked in _looked(merger, job.project, seen[::step])
        if looked is not None and (jpeg := merger.frames.read(frame)) is not None
    )
    sheet = contact_sheet(shown)
    if sheet is None:
        return None
    key = f"{ANNOTATED_FOLDER}/{job.project}/{job.id}.png"
    merger.s3.put_object(Bucket=merger.bucket, Key=key, Body=sheet, ContentType="image/png")
    return {"S3Bucket": merger.bucket, "S3ObjectName": key}
