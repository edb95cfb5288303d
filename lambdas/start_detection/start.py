"""Starts a detection of images that are in S3: opens the start job, and leaves the listing to queue_images."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas.api_errors import (
    AccessDeniedException,
    IdempotentParameterMismatchException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
)
from lambdas.delivery import ABANDONED_SECONDS
from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from lambdas.errors import Meaning, meaning
from lambdas.images import UNVERSIONED, ImageRef
from lambdas.listings import Listing, Listings
from lambdas.result_items import expiry
from lambdas.start_detection.request import Place, StartRequest, read_request
from lambdas.start_jobs import StartJob, StartJobs, TokenMismatchError
from lambdas.stored_images import Reach, StoredImage, list_page


@dataclass(frozen=True, kw_only=True)
class Starter:
    """What a start works with."""

    s3: Any
    sqs: Any
    settings: DeploymentSettings
    images_bucket: str
    queue_url: str  # of queue_images
    starts: StartJobs
    listings: Listings
    clock: Callable[[], float] = time.time
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex

    def start(self, said: Mapping[str, Any]) -> str:
        """Start what a request asks for and return the job's id; the same request with the same token is one job.

        Raises the errors of lambdas/api_errors.py.
        """
        request = read_request(said)
        project = self._project(request)
        # Before the token: what may be read or told does not depend on what was asked before.
        first = self._first_page(request.place)
        now = self.clock()
        # Its images may wait long for a model: until it ends, it is kept for as long as they can end it.
        expires_at = expiry(now, project.retention_days, spare_seconds=ABANDONED_SECONDS).get("ExpiresAt")
        start = StartJob(
            id=self.new_id(),
            project=request.project,
            created_at=int(now * 1000),
            request={name: value for name, value in said.items() if name != "ClientRequestToken"},
            job_tag=request.job_tag,
            notification_topic=request.notification_topic,
            expires_at=expires_at,
            retention_days=project.retention_days,
        )
        try:
            standing = self.starts.open(start, now=now, token=request.token)
        except TokenMismatchError as error:
            raise IdempotentParameterMismatchException(str(error)) from error
        if standing.total is None:
            # Also where the job stands already: the start that opened it may have died before it came here.
            self.listings.open(_listing(standing.id, request.place, first, expires_at))
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps({"JobId": standing.id}))
        return standing.id

    def _project(self, request: StartRequest) -> ProjectSettings:
        settings = self.settings.projects.get(request.project)
        if settings is None:
            raise ResourceNotFoundException(
                f"There is no project {request.project!r}; known are {', '.join(sorted(self.settings.projects))}"
            )
        topic = request.notification_topic
        if topic is not None and topic not in settings.notification_topics:
            raise AccessDeniedException(
                f"NotificationChannel.SNSTopicArn {topic} is not among the notification_topics of project "
                f"{request.project}; add it to the project's settings in cdk.json and deploy"
            )
        reach = Reach(request.project, self.images_bucket, settings.source_buckets)
        reason = reach.why_not(request.place.bucket, request.place.name or request.place.prefix)
        if reason is not None:
            raise AccessDeniedException(reason)
        return settings

    def _first_page(self, place: Place) -> tuple[StoredImage, ...]:
        """Return the one image that was asked for; nothing where a prefix was, once it is known to be listable."""
        try:
            if place.name is None:
                list_page(self.s3, place.bucket, place.prefix, limit=1)
                return ()
            version = {"VersionId": place.version} if place.version else {}
            head = self.s3.head_object(Bucket=place.bucket, Key=place.name, **version)
        except ClientError as error:
            if meaning(error) in (Meaning.TRANSIENT, Meaning.THROTTLED):
                raise
            raise InvalidS3ObjectException(f"{place} does not exist or must not be read: {error}") from error
        image = ImageRef(place.bucket, place.name, head.get("VersionId", UNVERSIONED))
        return (StoredImage(image, head["ContentLength"]),)


def _listing(start_id: str, place: Place, first: tuple[StoredImage, ...], expires_at: int | None) -> Listing:
    return Listing(
        start_id=start_id,
        bucket=place.bucket,
        prefix=place.prefix,
        page=first,
        total=len(first),
        ended=place.name is not None,
        expires_at=expires_at,
    )
