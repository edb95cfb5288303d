"""One video to frames in its project's queue: open its job, decode, store the frames, ask for them.

The frames are the images of a start job. What ends that, its last frame, tells the topic that merge_video listens to.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

from lambdas.delivery import KILLS
from lambdas.deployment_settings import ProjectSettings
from lambdas.errors import ErrorCode, LaterError, PermanentError
from lambdas.events import DetectionRequest, detection_requested
from lambdas.frames import Film, Frame, Frames, FrameStore, frames_start_id, video_job_id
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus, Source, failed
from lambdas.names import queue_name
from lambdas.object_file import get_object
from lambdas.results import Opened, ResultsTable
from lambdas.sample_video.decoding import VideoDecoder
from lambdas.sending import send_all
from lambdas.start_jobs import StartJob
from lambdas.telling import Teller, tell_start
from lambdas.video_settings import VideoSettings

MAX_BYTES: Final = 512 * 1024 * 1024  # of a video: it is downloaded to the function's disk
JOB_TAG: Final = "job-tag"  # the metadata key that S3 stores as x-amz-meta-job-tag

_WORKER: Final = "detect_labels"
_AT_ONCE: Final = 8  # frames that are stored at the same time


class FramesUnsentError(LaterError):
    """Some frames could not be asked for; the message comes back, and the frames are sent again."""


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """What sampling works with."""

    s3: Any
    sqs: Any
    deployment: str
    results: ResultsTable
    frames: FrameStore
    decoder: VideoDecoder
    teller: Teller
    frames_topic_arn: str
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message, as one invocation has it."""

    video: ImageRef
    project: str
    settings: ProjectSettings
    videos: VideoSettings
    holder: str  # names this delivery, unlike any other
    lease_seconds: float
    decoding_seconds: float  # that a video may take to be decoded and its frames to be stored


def sample(sampler: Sampler, delivery: Delivery) -> Job:
    """Bring a video's frames into its project's queue, or the video to its FAILED end; return its job.

    Safe to repeat: frames that are stored are not taken anew, and a frame that is asked for twice is one job. Raises
    BusyError, FramesUnsentError, and errors that are not the video's fault.
    """
    opened = _open(sampler, delivery).unless_busy()
    if not opened.held:
        sampler.teller.tell(opened.job)
        return opened.job
    done = False
    try:
        job, count = _sampled(sampler, delivery, opened)
        done = True
    finally:
        # Its frames may be done before this ends: merge_video finds the job free, and dies its own deaths.
        sampler.results.release(opened.job, holder=delivery.holder, forgiven=done)
    if job.status is not JobStatus.IN_PROGRESS:
        sampler.teller.tell(job)
        return job
    starts, start_id = sampler.results.starts, frames_start_id(delivery.video, delivery.project)
    starts.set_total(start_id, count, now=sampler.clock())
    tell_start(sampler.teller.sns, starts, start_id, sampler.clock())  # all frames may be done by now
    return job


def _open(sampler: Sampler, delivery: Delivery) -> Opened:
    job = Job(
        id=video_job_id(delivery.video, delivery.project),
        project=delivery.project,
        image=delivery.video,
        status=JobStatus.IN_PROGRESS,
        created_at=int(sampler.clock() * 1000),
    )
    return sampler.results.open(job, holder=delivery.holder, now=sampler.clock(), lease_seconds=delivery.lease_seconds)


def _sampled(sampler: Sampler, delivery: Delivery, opened: Opened) -> tuple[Job, int]:
    """Return the job, open with all its frames in the queue, or FAILED; and how many frames it has."""
    source = Source(size=0)
    try:
        frames = sampler.frames.get(delivery.project, opened.job.id)
        if frames is None:
            _check_crashes(opened)
            answer = get_object(sampler.s3, delivery.video)
            source = Source(size=int(answer["ContentLength"]), job_tag=answer["Metadata"].get(JOB_TAG))
            with _downloaded(answer["Body"], source) as file:
                frames = _taken(sampler, delivery, opened.job.id, file, source)
            sampler.frames.seal(delivery.project, opened.job.id, frames)
    except PermanentError as error:
        ended = sampler.results.finish(
            opened.job,
            failed(error.code, error.message, source),
            holder=delivery.holder,
            now=sampler.clock(),
            retention_days=delivery.settings.retention_days,
        )
        return ended, 0
    _ask(sampler, delivery, opened.job.id, frames)
    return opened.job, len(frames.frames)


def _check_crashes(opened: Opened) -> None:
    if opened.crashes >= KILLS:
        raise PermanentError(
            ErrorCode.CRASHED,
            f"The function died {opened.crashes} times while it decoded the video. Write it anew and upload it again.",
        )


@contextmanager
def _downloaded(stream: Any, source: Source) -> Iterator[BinaryIO]:
    """Give the video as an unnamed file, which the system removes even where the function is killed."""
    with stream as body, tempfile.TemporaryFile() as file:
        if source.size == 0:
            raise PermanentError(ErrorCode.EMPTY_OBJECT, "The object holds no bytes. Upload it again.")
        if source.size > MAX_BYTES:
            raise PermanentError(
                ErrorCode.TOO_LARGE,
                f"The video has {source.size:,} bytes; {MAX_BYTES:,} are decoded. Cut or compress it.",
            )
        shutil.copyfileobj(body, file, 1024 * 1024)
        file.flush()
        file.seek(0)
        yield file


def _taken(sampler: Sampler, delivery: Delivery, job_id: str, file: BinaryIO, source: Source) -> Frames:
    """Decode the video and store its frames."""
    until: list[int] = []
    stored: list[Future[Frame]] = []
    film: Film | None = None
    with (
        closing(sampler.decoder.moments(file, delivery.videos, seconds=delivery.decoding_seconds)) as moments,
        ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="frame") as threads,
    ):
        for seen in moments:
            if isinstance(seen, Film):
                film = seen
            elif seen.jpeg is None:
                until[-1] = seen.at_ms
            else:
                until.append(seen.at_ms)
                put = threads.submit(sampler.frames.put, delivery.project, job_id, seen.at_ms, seen.jpeg)
                stored.append(put)
                if len(stored) > _AT_ONCE:
                    stored[-_AT_ONCE].result()  # no more frames in memory than are being stored
    assert film is not None
    taken = [replace(put.result(), until_ms=until_ms) for put, until_ms in zip(stored, until, strict=True)]
    return Frames(film=film, size=source.size, frames=tuple(taken), job_tag=source.job_tag)


def _ask(sampler: Sampler, delivery: Delivery, job_id: str, frames: Frames) -> None:
    """Put the frames into the project's queue, as the images of a start job."""
    now = sampler.clock()
    start = StartJob(
        id=frames_start_id(delivery.video, delivery.project),
        project=delivery.project,
        created_at=int(now * 1000),
        request={"Video": delivery.video.to_json(), "VideoJobId": job_id},
        notification_topic=sampler.frames_topic_arn,
        retention_days=delivery.settings.retention_days,  # after its end: until then the video needs it
    )
    standing = sampler.results.starts.get(start.id) or sampler.results.starts.open(start, now=now)
    if standing.total is not None:
        return
    request = DetectionRequest(project=delivery.project, start_job_id=start.id, video_job_id=job_id)
    bodies = [
        json.dumps(detection_requested(frame.image, frame.size, request), ensure_ascii=False) for frame in frames.frames
    ]
    name = queue_name(sampler.deployment, _WORKER, delivery.project)
    unsent = send_all(sampler.sqs, sampler.sqs.get_queue_url(QueueName=name)["QueueUrl"], bodies)
    if unsent:
        raise FramesUnsentError(f"{len(unsent)} of {len(bodies)} frames could not be sent: {min(unsent.values())}")
