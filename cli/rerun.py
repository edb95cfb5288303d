"""Detects images again, with another version or the same one, under the name of a run."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from cli.comparison import Change
from cli.models import Model, ModelError
from lambdas.events import DetectionRequest, detection_requested
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus
from lambdas.model_versions import VersionStatus
from lambdas.queries import Queries, everything
from lambdas.registry import Registry
from lambdas.stored_images import StoredImage

_LOOK_SECONDS: Final = 2.0
_LOOKED_AT: Final = 1000  # jobs in one look: those behind them are not done much earlier
_PATIENCE_SECONDS: Final = 1200.0  # without any result; a message that was put off comes back after 900
_LEASE_SECONDS: Final = 900
_READS_AT_ONCE: Final = 8
_EARLIER: Final = 20  # jobs of an image that one page brings

Progress = Callable[[str], None]


class RerunError(RuntimeError):
    """Images cannot be detected again, or not all of them were; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What a rerun works with."""

    project: str
    run: str
    model: Model
    registry: Registry
    queries: Queries
    final: Callable[[Sequence[str]], dict[str, JobStatus]]  # job ids -> those that have a result
    send: Callable[[Sequence[str]], dict[int, str]]  # bodies -> failures by place
    status: Callable[[], VersionStatus]  # of the model, now
    say: Progress
    look_seconds: float = _LOOK_SECONDS

    def detect(self, images: Iterator[list[StoredImage]]) -> list[Change]:
        """Detect images, wait for their results and return what changed; those of this run that are done are kept.

        Raises RerunError.
        """
        with self._leased():
            self._await_model()
            jobs: dict[str, ImageRef] = {}
            for some in images:
                jobs |= self._enqueue(some)
                self._renew()
            self.say(f"{len(jobs):,} images to look at with {self.model.version}")
            self._wait(list(jobs))
        with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
            return list(threads.map(self._change, jobs))

    def _await_model(self) -> None:
        while (status := self.status()) is VersionStatus.STARTING:
            self.say(f"{self.model.version} is {status}")
            self._renew()
            time.sleep(self.look_seconds)
        if status is not VersionStatus.RUNNING:
            raise RerunError(f"{self.model.version} is {status}, not RUNNING; did the guard or a person stop it?")

    @contextmanager
    def _leased(self) -> Iterator[None]:
        """Keep the guard off a version that is not active, for as long as this command lives."""
        self._renew()
        try:
            yield
        finally:
            # Expired, not deleted: so the guard knows whose version it was, and stops it at once.
            self._renew(seconds=0)

    def _renew(self, seconds: float = _LEASE_SECONDS) -> None:
        if not self.model.active:
            self.registry.lease(self.project, self.model.version, self._holder, time.time() + seconds)

    @property
    def _holder(self) -> str:
        return f"rerun-{self.run}"

    def _enqueue(self, images: Sequence[StoredImage]) -> dict[str, ImageRef]:
        jobs = {job_id(stored.image, self.project, self.run): stored for stored in images}
        done = self.final(list(jobs))
        waiting = [stored for id_, stored in jobs.items() if id_ not in done]
        failed = self.send([self._body(stored) for stored in waiting])
        for place, why in failed.items():
            raise RerunError(
                f"{len(failed)} images could not be enqueued, {waiting[place].image.key!r} for one: {why}; run the "
                "same command again: what is done is kept"
            )
        return {id_: stored.image for id_, stored in jobs.items()}

    def _body(self, stored: StoredImage) -> str:
        request = DetectionRequest(project=self.project, run=self.run, project_version_arn=self.model.arn)
        return json.dumps(detection_requested(stored.image, stored.size, request), ensure_ascii=False)

    def _wait(self, jobs: Sequence[str]) -> None:
        pending = list(jobs)
        last = time.monotonic()
        while pending:
            done = self.final(pending[:_LOOKED_AT])
            if done:
                pending = [id_ for id_ in pending if id_ not in done]
                last = time.monotonic()
                self.say(f"{len(jobs) - len(pending):,} of {len(jobs):,} done")
                continue
            if time.monotonic() - last > _PATIENCE_SECONDS:
                raise RerunError(
                    f"{len(pending)} images have had no result for {_PATIENCE_SECONDS:.0f} s; is {self.model.version} "
                    f"RUNNING still, and does the dead-letter queue hold them (`customlabels redrive {self.project} "
                    "--dry-run`)? Then run the same command again: what is done is kept"
                )
            self._renew()
            time.sleep(self.look_seconds)

    def _change(self, id_: str) -> Change:
        job = self.queries.job(id_)
        if job is None:
            raise RerunError(f"the result {id_} has expired meanwhile")
        if job.status is JobStatus.SUCCEEDED and job.project_version_arn != self.model.arn:
            raise RerunError(
                f"{job.image.key!r} was looked at in run {self.run!r} with {job.project_version_arn}, not with "
                f"{self.model.arn}; name another run"
            )
        return Change(self._earlier(job), job)

    def _earlier(self, job: Job) -> Job | None:
        """Return the newest result that the same version of the image had before."""
        history = everything(
            lambda token: self.queries.by_image(job.image.bucket, job.image.key, limit=_EARLIER, token=token)
        )
        return next((other for other in history if _is_before(other, job)), None)


def _is_before(other: Job, job: Job) -> bool:
    return (
        other.image == job.image
        and other.project == job.project
        and other.id != job.id
        and other.created_at <= job.created_at
        and other.status is not JobStatus.IN_PROGRESS
    )


def chosen_model(models: Sequence[Model], project: str, version: str | None) -> Model:
    """Return the version to look with, running or starting: the one named, or the active one. Raises ModelError."""
    chosen = [model for model in models if (model.active if version is None else model.version == version)]
    if not chosen:
        which = "no active version; name one with --version" if version is None else f"no version {version!r}"
        raise ModelError(f"{project} has {which}; `customlabels models {project}` lists them")
    (model,) = chosen
    if model.status in (VersionStatus.RUNNING, VersionStatus.STARTING):
        return model
    if model.active:
        raise ModelError(f"{model.version} is {model.status}, not RUNNING; run `customlabels start {project}` first")
    raise ModelError(
        f"{model.version} is {model.status}, not RUNNING. Make it the active one: `customlabels start {project} "
        f"--version {model.version}`. Or let it run beside the active one, at its own price: `aws rekognition "
        f"start-project-version --project-version-arn {model.arn} --min-inference-units 1`, and then this command: it "
        "waits for the start, and when it ends the guard stops the version"
    )


def check_open(lambda_: Any, event_source_id: str, project: str) -> None:
    """Raise RerunError where the project's queue is closed: nothing would look at the images."""
    state = lambda_.get_event_source_mapping(UUID=event_source_id)["State"]
    if state not in ("Enabled", "Enabling", "Creating", "Updating"):
        raise RerunError(f"the queue of {project} is {state}; `customlabels start {project}` opens it")
