"""Looks at the image of one job: reads it, has it moderated, asks the model, draws the copy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.asking import Answer, Asker
from lambdas.detect_labels.moderating import Moderator
from lambdas.detect_labels.pacing import OutOfTimeError, Pacer
from lambdas.detect_labels.preparation import Prepared, annotate, goes_as_it_is, prepare
from lambdas.detect_labels.source import check_source, read_source
from lambdas.errors import ErrorCode, Meaning, ModelAsleepError, PermanentError, error_code, meaning
from lambdas.events import DetectionRequest
from lambdas.jobs import Job, Source, annotated_key, blocked, succeeded
from lambdas.moderation import Moderation, Verdict
from lambdas.moderation_settings import ModerationSettings
from lambdas.pictures.decoder import Decoder
from lambdas.registry import CachedRegistry
from lambdas.results import ResultsTable

DECODING_SECONDS: Final = 45.0  # the longest that one picture takes: the decoding process's start and its deadline


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """What looking works with."""

    s3: Any
    asker: Asker
    moderator: Moderator
    decoder: Decoder
    registry: CachedRegistry
    results: ResultsTable
    results_bucket: str
    pacer: Callable[[str, ProjectSettings], Pacer]  # of a project


@dataclass(kw_only=True)
class Look:
    """One look at one image. `job` and `source` are what is known so far, however it ends."""

    eyes: Eyes
    holder: str
    deadline: float  # on the asker's clock: no call begins after it
    job: Job
    source: Source
    request: DetectionRequest

    def read(self) -> None:
        """Read the object's header; raise PermanentError where that cannot be."""
        source = read_source(self.eyes.s3, self.job.image)
        self.source = replace(source, job_tag=self.request.job_tag or source.job_tag)

    def outcome(self, settings: ProjectSettings) -> dict[str, Any]:
        """Return the outcome of a job that the model answered, or whose image no model is to see.

        Raises PermanentError, ModelAsleepError, OutOfTimeError, and errors that are not the image's fault.
        """
        prepared = self._prepared()
        try:
            answer = self._unblocked_answer(prepared, settings)
        except ClientError as error:
            if meaning(error) is not Meaning.PERMANENT:
                raise
            prepared, answer = self._second_try(settings, error)
        if answer is None:
            assert self.job.moderation
            return blocked(self.job.moderation, self.source, changes=prepared.changes)
        return succeeded(
            answer.labels,
            self.source,
            answer.millis,
            changes=prepared.changes,
            annotated=self._copy(prepared, answer) if settings.annotate else None,
            moderation=self.job.moderation,
        )

    def _prepared(self, *, normalise: bool = False) -> Prepared:
        check_source(self.source)
        if goes_as_it_is(self.source) and not normalise:
            return prepare(self.eyes.s3, self.eyes.decoder, self.job.image, self.source)
        with self._decoder():
            return prepare(self.eyes.s3, self.eyes.decoder, self.job.image, self.source, normalise=True)

    @contextmanager
    def _decoder(self) -> Iterator[None]:
        """Hold the decoding process, which has one picture at a time, where there is time left for this one."""
        left = self.deadline - DECODING_SECONDS - self.eyes.asker.clock()
        if left <= 0 or not self.eyes.decoder.turn.acquire(timeout=left):
            raise OutOfTimeError("other images keep the decoding process busy")
        try:
            yield
        finally:
            self.eyes.decoder.turn.release()

    def _second_try(self, settings: ProjectSettings, refused: ClientError) -> tuple[Prepared, Answer | None]:
        """Ask once more with the image made anew, where the service refused it as it is."""
        if error_code(refused) == "InvalidS3ObjectException":
            self.read()  # says so itself where the object has gone or our grant is missing
        elif error_code(refused) == "InvalidParameterException" or not goes_as_it_is(self.source):
            raise _explained(refused) from refused
        try:
            prepared = self._prepared(normalise=True)
            return prepared, self._unblocked_answer(prepared, settings)
        except ClientError as error:
            if meaning(error) is not Meaning.PERMANENT:
                raise
            raise _explained(error) from error

    def _unblocked_answer(self, prepared: Prepared, settings: ProjectSettings) -> Answer | None:
        """Have the image moderated where the project wants that, then ask the model; None where it is blocked."""
        moderation = settings.moderation
        if moderation and self.job.video_job_id:  # one video would begin thousands of reviews, of frames none can load
            moderation = replace(moderation, human_review=None)
        if moderation and self._moderated(prepared, moderation).verdict is Verdict.BLOCKED:
            return None
        return self._answer(prepared, settings)

    def _moderated(self, prepared: Prepared, settings: ModerationSettings) -> Moderation:
        """Return what moderation says of the image: of an earlier delivery, or of now."""
        known = self.job.moderation
        if known is None:
            # People are shown the object in S3: where it goes as it is, it goes by reference, however small it is.
            by_reference = settings.human_review and not prepared.changes
            image = {"S3Object": self.job.image.to_s3_object()} if by_reference else prepared.request
            known = self.eyes.moderator.moderate(self.job.id, image, settings, self.deadline)
            self.job = self.eyes.results.note_moderation(self.job, known, holder=self.holder)
        return known

    def _answer(self, prepared: Prepared, settings: ProjectSettings) -> Answer:
        """Ask the pinned version; where it does not run, the one that is active by now."""
        pinned, registry = self.job.project_version_arn, self.eyes.registry
        if pinned is not None:
            try:
                return self._ask(pinned, prepared, settings)
            except ModelAsleepError:
                if self.request.project_version_arn or registry.active_version(self.job.project, fresh=True) == pinned:
                    raise
        # Where a version was asleep, the pointer has just been read again.
        active = registry.active_version(self.job.project, fresh=pinned is None)
        if active is None:
            raise ModelAsleepError(f"project {self.job.project} has no active model version yet; train or start one")
        self.job = self.eyes.results.pin(self.job, active, holder=self.holder)
        return self._ask(active, prepared, settings)

    def _ask(self, version_arn: str, prepared: Prepared, settings: ProjectSettings) -> Answer:
        pacer = self.eyes.pacer(self.job.project, settings)
        return self.eyes.asker.ask(version_arn, prepared.request, settings, pacer, self.deadline)

    def _copy(self, prepared: Prepared, answer: Answer) -> dict[str, str] | None:
        """Keep a copy of the image with its labels drawn; None where it cannot be drawn, which is no failed look."""
        try:
            with self._decoder():
                drawn = annotate(self.eyes.s3, self.eyes.decoder, self.job.image, prepared, answer.labels)
        except PermanentError:
            return None
        place = {"S3Bucket": self.eyes.results_bucket, "S3ObjectName": annotated_key(self.job)}
        self.eyes.s3.put_object(
            Bucket=place["S3Bucket"], Key=place["S3ObjectName"], Body=drawn, ContentType="image/jpeg"
        )
        return place


def _explained(error: ClientError) -> PermanentError:
    """Say why the service refused an image whose header was fine."""
    message = str(error.response["Error"].get("Message", ""))
    who = error.operation_name
    match error_code(error):
        case "InvalidImageFormatException":
            return PermanentError(ErrorCode.CORRUPT_IMAGE, f"{who} could not decode the image: {message}")
        case "ImageTooLargeException":
            return PermanentError(ErrorCode.TOO_LARGE, f"{who} finds the image too large: {message}")
    code = ErrorCode.MODERATION_REFUSED if who == "DetectModerationLabels" else ErrorCode.MODEL_REFUSED
    return PermanentError(code, f"{who} refused the image: {message}")
