"""Answer StartLabelDetection and GetLabelDetection."""

from __future__ import annotations

from typing import Any

from local.rekognition.context import Context
from local.rekognition.errors import ServiceError, invalid_parameter, invalid_s3_object
from local.rekognition.fault_plans import Fault
from local.rekognition.labels import MODEL_VERSION
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.state import Caller
from local.rekognition.video_job import Failure, JobStatus, Sightings
from local.rekognition.video_results import Aggregation, Sorting, page, rows


def start_label_detection(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Begin a job, unless the same request with the same ClientRequestToken has begun it."""
    place = request["Video"].get("S3Object")
    if place is None:
        raise invalid_parameter("Video needs S3Object.")
    channel = request.get("NotificationChannel")
    if channel and channel["SNSTopicArn"].split(":")[3] != caller.region:
        raise invalid_parameter(f"The topic {channel['SNSTopicArn']} is not in {caller.region}.")
    known = context.label_jobs.admit(caller, request)
    if known is None:
        _check_size(place, context.objects, context.label_jobs.limits.bytes)
        known = context.label_jobs.begin(caller, request, context.endings.get(Fault.VIDEO_ERROR))
    return {"JobId": known.id}


def get_label_detection(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Return a job's status and, once it succeeded, a page of its labels."""
    jobs = context.label_jobs
    job = jobs.job(caller, request["JobId"])
    sorting = Sorting(request.get("SortBy", Sorting.TIMESTAMP))
    aggregation = Aggregation(request.get("AggregateBy", Aggregation.TIMESTAMPS))
    answer: dict[str, Any] = {
        "JobStatus": JobStatus.IN_PROGRESS,
        "Labels": [],
        "LabelModelVersion": MODEL_VERSION,
        "JobId": job.id,
        "Video": job.request["Video"],
        "GetRequestMetadata": {"SortBy": sorting, "AggregateBy": aggregation},
    }
    if "JobTag" in job.request:
        answer["JobTag"] = job.request["JobTag"]
    match job.findings(jobs.now()):
        case Failure(reason):
            answer |= {"JobStatus": JobStatus.FAILED, "StatusMessage": reason}
        case Sightings() as sightings:
            labels, more = page(rows(sightings, sorting, aggregation), request, jobs.now())
            answer |= {"JobStatus": JobStatus.SUCCEEDED, "Labels": labels, **more}
            answer["VideoMetadata"] = sightings.metadata.described()
    return answer


def _check_size(place: dict[str, str], objects: ObjectStore, most: int) -> None:
    if "Bucket" not in place or "Name" not in place:
        raise ServiceError("InvalidS3ObjectException", "Request has invalid S3 object.")
    try:
        size = objects.size(place["Bucket"], place["Name"], place.get("Version"))
    except ObjectUnavailableError as error:
        raise invalid_s3_object() from error
    if size > most:
        text = f"Video size in bytes: {size} is more than the maximum limit of: {most} bytes."
        raise ServiceError("VideoTooLargeException", text)
