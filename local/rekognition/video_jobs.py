"""Keep the label detection jobs on stored videos: admit, work, end by the clock, tell, forget."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from local.rekognition.errors import ServiceError, not_found
from local.rekognition.failures import SERVICE_ISSUE
from local.rekognition.objects import ObjectStore
from local.rekognition.state import Caller
from local.rekognition.topics import Topics, TopicUnavailableError
from local.rekognition.video_findings import findings
from local.rekognition.video_job import DEFAULT_SETTINGS, Ending, Failure, Job, Sightings, VideoSettings, message
from local.rekognition.wanted_objects import WantedObjects
from local.rekognition.workers import Check, Workers

_JOBS_AT_WORK = 2
_LOOK_AGAIN_SECONDS = 0.05  # of real time, while a job's end by the clock is awaited
_FAREWELL_SECONDS = 5.0  # of real time that closing waits for a topic; what it does not hear is told after a restart
_log = logging.getLogger(__name__)


class LabelJobs:
    """All accounts' jobs, and the threads that work on them and tell of their ends."""

    def __init__(
        self,
        now: Callable[[], float],
        objects: ObjectStore,
        topics: Topics,
        settings: VideoSettings = DEFAULT_SETTINGS,
        keep: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin without jobs. `keep` is called, without the lock, when one has changed in the background."""
        self.now = now
        self.limits = settings.limits
        self._settings = settings
        self._objects = objects
        self._topics = topics
        self._keep = keep
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._teller: threading.Thread | None = None
        self._is_closed = False
        self._workers = Workers(_JOBS_AT_WORK, "video")

    def contents(self) -> Sequence[Job]:
        """Return all that is to outlive this process."""
        with self._lock:
            return list(self._jobs.values())

    def restore(self, contents: Sequence[Job]) -> None:
        """Take over what `contents` once returned: work that had not ended begins again, what is untold is told."""
        with self._lock:
            self._jobs = {job.id: job for job in contents}
        for job in contents:
            if job.ending is None:
                self._work_on(job)
        self._begin_to_tell()

    def forget(self) -> None:
        """Forget all jobs; those that are at work are abandoned, and nobody is told of any."""
        with self._lock:
            self._jobs.clear()
        self._workers.abandon()

    def close(self) -> None:
        """Wait for the jobs that are at work and for what is being told; the rest is left for a restart."""
        self._workers.close()
        with self._lock:
            self._is_closed = True
            teller = self._teller
        if teller:
            teller.join(_FAREWELL_SECONDS)

    def admit(self, caller: Caller, request: dict[str, Any]) -> Job | None:
        """Return the job that the same request with the same token began, None when a new one may begin.

        Raises ServiceError: IdempotentParameterMismatchException, LimitExceededException.
        """
        with self._lock:
            mine = [job for job in self._kept() if job.caller == caller]
            token = request.get("ClientRequestToken")
            since = self.now() - self.limits.token_seconds
            for job in mine:
                if token is not None and job.request.get("ClientRequestToken") == token and job.started > since:
                    if job.request != request:
                        raise _token_in_use(token)
                    return job
            at_work = sum(job.findings(self.now()) is None for job in mine)
            if at_work >= self.limits.jobs_at_once:
                raise _too_many(caller, at_work, self.limits.jobs_at_once)
            return None

    def begin(self, caller: Caller, request: dict[str, Any], error: str | None = None) -> Job:
        """Begin a job, or return the one that another call with the same token began meanwhile.

        With `error`, the job ends by the service's own fault, with this message.
        """
        with self._lock:
            known = self.admit(caller, request)
            if known:
                return known
            job = Job(secrets.token_hex(32), caller, request, self.now())
            self._jobs[job.id] = job
        self._work_on(job, error)
        return job

    def job(self, caller: Caller, job_id: str) -> Job:
        """Return one of the caller's jobs or raise ResourceNotFoundException."""
        with self._lock:
            self._kept()
            job = self._jobs.get(job_id)
        if job is None or job.caller != caller:
            raise not_found(job_id)
        return job

    def _kept(self) -> list[Job]:
        """Forget the jobs whose results are no longer kept; return the others."""
        since = self.now() - self.limits.result_seconds
        self._jobs = {id_: job for id_, job in self._jobs.items() if job.ending is None or job.ending.at > since}
        return list(self._jobs.values())

    def _work_on(self, job: Job, error: str | None = None) -> None:
        def work(check: Check) -> Sightings | Failure:
            if error is not None:
                return Failure(error, is_defect=True)
            return findings(job, WantedObjects(self._objects, check), self.limits.seconds, check)

        self._workers.begin(work, lambda done: self._end(job, done))

    def _end(self, job: Job, work: Future[Sightings | Failure]) -> None:
        error = work.exception()
        if error is not None:
            _log.error("The video job %s crashed.", job.id, exc_info=error)
        found = Failure(SERVICE_ISSUE, is_defect=True) if error is not None else work.result()
        with self._lock:
            if job.id not in self._jobs:
                return  # forgotten meanwhile
            ending = Ending(found, max(job.started + self._settings.seconds, self.now()))
            self._jobs[job.id] = replace(job, ending=ending)
        self._keep()
        self._begin_to_tell()

    def _begin_to_tell(self) -> None:
        """Let a thread tell of each job when its end is reached, unless one is at it."""
        with self._lock:
            if self._teller is None and not self._is_closed and self._untold():
                self._teller = threading.Thread(target=self._tell_all, name="video-topics", daemon=True)
                self._teller.start()

    def _untold(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.is_untold]

    def _tell_all(self) -> None:
        try:
            while (over := self._over()) is not None:
                for job in over:
                    self._tell(job)
                if not over:
                    time.sleep(_LOOK_AGAIN_SECONDS)
        finally:
            with self._lock:
                if self._teller is threading.current_thread():
                    self._teller = None

    def _over(self) -> list[Job] | None:
        """Return the jobs to tell of now, None when this thread is to end."""
        with self._lock:
            untold = self._untold()
            if self._is_closed or not untold:
                self._teller = None  # by the same look: a job that ends from now on begins another thread
                return None
            return [job for job in untold if job.findings(self.now())]

    def _tell(self, job: Job) -> None:
        channel = job.request["NotificationChannel"]
        try:
            self._topics.publish(channel["SNSTopicArn"], channel["RoleArn"], message(job, self._settings.api))
        except TopicUnavailableError as error:
            _log.warning("Nobody is told that the video job %s is over: %s", job.id, error)
        finally:  # it is tried once, whatever happens
            with self._lock:
                if job.id in self._jobs:
                    self._jobs[job.id] = replace(job, is_told=True)
            self._keep()


def _token_in_use(token: str) -> ServiceError:
    text = f"The ClientRequestToken: {token} you have supplied is already in use."
    return ServiceError("IdempotentParameterMismatchException", text)


def _too_many(caller: Caller, at_work: int, most: int) -> ServiceError:
    text = f"{at_work} open Jobs for User arn:aws:iam::{caller.account}:root Maximum limit: {most}"
    return ServiceError("LimitExceededException", text)
