"""Keep the label detection jobs on stored videos: admit, work, end by the clock, tell, forget."""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from local.rekognition.errors import ServiceError, not_found
from local.rekognition.labels import chosen, labels_of
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.state import Caller
from local.rekognition.topics import Topics, TopicUnavailableError
from local.rekognition.video_job import DEFAULT_SETTINGS, Ending, Failure, Job, Sightings, VideoSettings, message
from local.rekognition.videos import UnusableVideoError, VideoFlaw, watch

_LEAST_CONFIDENCE = 50.0
_JOBS_AT_WORK = 2
_LOOK_AGAIN_SECONDS = 0.05  # of real time, while a job's end by the clock is awaited
_CRASHED = "Amazon Rekognition experienced a service issue."
_log = logging.getLogger(__name__)


class LabelJobs:
    """All accounts' jobs, and the threads that work on them and tell of their ends."""

    def __init__(
        self,
        now: Callable[[], float],
        objects: ObjectStore,
        topics: Topics,
        settings: VideoSettings = DEFAULT_SETTINGS,
    ) -> None:
        self.now = now
        self.limits = settings.limits
        self._settings = settings
        self._objects = objects
        self._topics = topics
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._untold: list[Job] = []  # their work is over
        self._is_telling = False
        self._workers = ThreadPoolExecutor(_JOBS_AT_WORK, thread_name_prefix="video")

    def forget(self) -> None:
        """Forget all jobs; of those that are at work, nobody is told any more."""
        with self._lock:
            self._jobs.clear()
            self._untold.clear()

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

    def begin(self, caller: Caller, request: dict[str, Any]) -> Job:
        """Begin a job, or return the one that another call with the same token began meanwhile."""
        with self._lock:
            known = self.admit(caller, request)
            if known:
                return known
            job = Job(secrets.token_hex(32), caller, request, self.now())
            self._jobs[job.id] = job
        self._workers.submit(self._find, job).add_done_callback(lambda done: self._end(job, done))
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

    def _find(self, job: Job) -> Sightings | Failure:
        place = job.request["Video"]["S3Object"]
        least = job.request.get("MinConfidence", _LEAST_CONFIDENCE)
        filters = job.request.get("Settings", {}).get("GeneralLabels", {})
        with tempfile.TemporaryFile() as file:
            try:
                self._objects.save(place["Bucket"], place["Name"], place.get("Version"), file)
                file.seek(0)
                return Sightings(*watch(file, self.limits.seconds, lambda it: chosen(labels_of(it), least, filters)))
            except ObjectUnavailableError:
                return Failure(VideoFlaw.UNAVAILABLE)
            except UnusableVideoError as error:
                return Failure(error.flaw)

    def _end(self, job: Job, work: Future[Sightings | Failure]) -> None:
        error = work.exception()
        if error is not None:
            _log.error("The video job %s crashed.", job.id, exc_info=error)
        findings = Failure(_CRASHED, is_defect=True) if error is not None else work.result()
        with self._lock:
            if job.id not in self._jobs:
                return  # forgotten meanwhile
            job = replace(job, ending=Ending(findings, max(job.started + self._settings.seconds, self.now())))
            self._jobs[job.id] = job
            if "NotificationChannel" in job.request:
                self._untold.append(job)
                if not self._is_telling:
                    self._is_telling = True
                    threading.Thread(target=self._tell_all, name="video-topics", daemon=True).start()

    def _tell_all(self) -> None:
        """Tell of each job when its end is reached; return when there is none left."""
        try:
            self._tell_while_there_are()
        finally:
            with self._lock:
                self._is_telling = False

    def _tell_while_there_are(self) -> None:
        while True:
            with self._lock:
                over = [job for job in self._untold if job.findings(self.now())]
                self._untold = [job for job in self._untold if job not in over]
                if not over and not self._untold:
                    self._is_telling = False
                    return
            for job in over:
                self._tell(job)
            if not over:
                time.sleep(_LOOK_AGAIN_SECONDS)

    def _tell(self, job: Job) -> None:
        channel = job.request["NotificationChannel"]
        try:
            self._topics.publish(channel["SNSTopicArn"], channel["RoleArn"], message(job, self._settings.api))
        except TopicUnavailableError as error:
            _log.warning("Nobody is told that the video job %s is over: %s", job.id, error)


def _token_in_use(token: str) -> ServiceError:
    text = f"The ClientRequestToken: {token} you have supplied is already in use."
    return ServiceError("IdempotentParameterMismatchException", text)


def _too_many(caller: Caller, at_work: int, most: int) -> ServiceError:
    text = f"{at_work} open Jobs for User arn:aws:iam::{caller.account}:root Maximum limit: {most}"
    return ServiceError("LimitExceededException", text)
