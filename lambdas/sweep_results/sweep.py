"""What no message brings to its end any more: results that nobody was told of, and jobs that nobody will finish."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.delivery import ABANDONED_SECONDS, FRAMES_SECONDS
from lambdas.errors import ErrorCode
from lambdas.frames import frames_start_id
from lambdas.items import from_item, to_item
from lambdas.jobs import API, Job, JobStatus, Source, failed
from lambdas.queries import Queries, everything
from lambdas.result_items import job_of
from lambdas.results import ResultsBusyError, ResultsTable
from lambdas.start_jobs import START_API, StartJob
from lambdas.telling import Teller, tell_start
from lambdas.videos import VideoRef

UNTOLD_SECONDS: Final = 300  # since its end: until then the delivery that ended a job may still tell of it

_LEASE_SECONDS: Final = 60.0

logger: Final = Logger()


class NotSweptError(RuntimeError):
    """Some jobs could not be told of or ended; the log says why, and the next sweep tries again."""


@dataclass(frozen=True, kw_only=True)
class Sweeper:
    """What a sweep works with."""

    dynamodb: Any
    results: ResultsTable
    teller: Teller
    holder: str  # names this sweep, unlike any other
    has_time: Callable[[], bool]
    clock: Callable[[], float] = time.time

    def sweep(self, project: str, retention_days: int | None) -> int:
        """Tell of a project's untold results and end its abandoned jobs; return how many.

        Raises NotSweptError once all have been tried.
        """
        swept = faults = 0
        for end in (*self._untold(project), *self._abandoned(project, retention_days)):
            if not self.has_time():
                break
            try:
                end()
            except (ClientError, BotoCoreError, ResultsBusyError):
                faults += 1
                logger.exception("a job could not be swept", project=project)
            else:
                swept += 1
        if faults:
            raise NotSweptError(f"{faults} jobs of {project} could not be told of or ended")
        return swept

    def _untold(self, project: str) -> Iterator[Callable[[], None]]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.results.name,
            IndexName="Unnotified",
            KeyConditionExpression="Unnotified = :project",
            ExpressionAttributeValues=to_item({":project": project}),
        )
        for page in pages:
            for item in map(from_item, page["Items"]):
                if item["Timestamp"] / 1000 + UNTOLD_SECONDS <= self.clock():
                    yield self._telling(item)

    def _telling(self, item: dict[str, Any]) -> Callable[[], None]:
        if item["API"] == START_API:
            return lambda: tell_start(self.teller.sns, self.results.starts, item["JobId"], self.clock())
        return lambda: self.teller.tell(job_of(item))

    def _abandoned(self, project: str, retention_days: int | None) -> Iterator[Callable[[], None]]:
        until = self._millis_before(FRAMES_SECONDS)
        queries = Queries(self.dynamodb, self.results.name)
        jobs = everything(lambda token: queries.by_status(project, [JobStatus.IN_PROGRESS], until=until, token=token))
        for job in jobs:
            frames = self._frames_of(job)
            if frames is not None and frames.status is JobStatus.IN_PROGRESS:
                if self._is_late(frames):
                    yield lambda frames=frames: self._end(frames)  # type: ignore[misc]
            elif self._is_abandoned(job, frames):
                yield lambda job=job: self._expire(job, retention_days)  # type: ignore[misc]

    def _millis_before(self, seconds: int) -> int:
        return int((self.clock() - seconds) * 1000)

    def _frames_of(self, job: Job) -> StartJob | None:
        """Return the start job of a video's frames, or None where the job has none."""
        is_of_frames = job.api == API and isinstance(job.image, VideoRef)
        return self.results.starts.get(frames_start_id(job.image, job.project)) if is_of_frames else None

    def _is_late(self, frames: StartJob) -> bool:
        """Tell whether a video has waited for its frames for long enough; while some are not asked for, the longest."""
        if frames.listed_at is None:
            return frames.created_at <= self._millis_before(ABANDONED_SECONDS)
        return frames.listed_at <= self._millis_before(FRAMES_SECONDS)

    def _is_abandoned(self, job: Job, frames: StartJob | None) -> bool:
        """Tell whether no message can end a job; the one that merges a video is not older than its frames' end."""
        since = frames.timestamp if frames and frames.timestamp else job.created_at
        return since <= self._millis_before(ABANDONED_SECONDS)

    def _end(self, frames: StartJob) -> None:
        """End the start job of a video some of whose frames nobody looks at any more: the others are merged."""
        total = "all" if frames.total is None else frames.total
        message = f"{frames.done} of {total} frames were looked at within {FRAMES_SECONDS // 86_400} days."
        self.results.starts.fail(frames.id, message, self.clock())
        tell_start(self.teller.sns, self.results.starts, frames.id, self.clock())

    def _expire(self, job: Job, retention_days: int | None) -> None:
        opened = self.results.open(job, holder=self.holder, now=self.clock(), lease_seconds=_LEASE_SECONDS)
        if not opened.held:
            return
        outcome = failed(
            ErrorCode.EXPIRED,
            "No message asks for the image any more. Upload it again.",
            Source(size=0),
            moderation=opened.job.moderation,
        )
        ended = self.results.finish(
            opened.job, outcome, holder=self.holder, now=self.clock(), retention_days=retention_days
        )
        self.teller.tell(ended)
