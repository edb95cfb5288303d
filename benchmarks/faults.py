"""Everything that goes wrong at once: each upload has one terminal result in the end, and somebody was told of it.

Of the calls of DetectCustomLabels 5 % are throttled, 2 % end in a 500 and 1 % in a cut connection. Of the uploads 2 %
are told of twice, and each delivery of an image kills the function with a chance of 1 %: with it die up to nine others
of its batch. Among the images are files that are none.

Two things are not as they are deployed. The queue hides messages for 30 seconds instead of nine minutes, so that what
a killed function held comes back while somebody waits for it; its images are busy until its lease ends all the same.
And twelve batches are worked on at the same time, not five: an invocation takes a throttle for a sign of its own pace,
and here they come at any.
"""

import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.drain import LATENCY
from benchmarks.measures import lost_and_twice
from benchmarks.pictures import broken_files, small_pictures
from benchmarks.pipeline import Pipeline
from benchmarks.report import say
from benchmarks.side_functions import give_back, put_before
from demo.subscriber import Subscriber, subscribed
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus

IMAGES: Final = 2000
PROJECT: Final = "five"
DUPLICATES: Final = 0.02  # of the uploads
KILLS: Final = 0.01  # of the deliveries
HIDDEN_SECONDS: Final = 30
AT_ONCE: Final = 12  # batches
DETECT: Final = ["DetectCustomLabels"]
RULES: Final[tuple[dict[str, Any], ...]] = (
    {"fault": "throttling", "operations": DETECT, "probability": 0.05},
    {"fault": "internal_error", "operations": DETECT, "probability": 0.02},
    {"fault": "connection_cut", "operations": DETECT, "probability": 0.01},
)
_PATIENCE_SECONDS: Final = 600.0
_QUIET_SECONDS: Final = 10.0  # without a notification: no more will come


@dataclass(frozen=True)
class Survived:
    """What came of the uploads."""

    uploads: int
    terminal: int  # uploads that have a terminal result
    lost: int  # uploads that have none
    twice: int  # terminal results beyond the first of an upload, and jobs that two different outcomes were told of
    untold: int  # uploads that no notification told of
    succeeded: int
    failed: dict[str, int]  # by error code
    dead: int  # messages in the dead-letter queue
    duplicates: int
    kills: int
    seconds: float


def faults(pipeline: Pipeline, images: int = IMAGES) -> dict[str, Any]:
    """Break everything, wait until it is over, count; return the report's keys."""
    place, bucket = pipeline.project(PROJECT), pipeline.deployment.images_bucket
    prefix = f"{PROJECT}/faults-{time.time_ns()}/"
    pictures = small_pictures(prefix, images)
    pictures |= {f"{prefix}broken/{name}": body for name, body in broken_files().items()}
    sqs, sns = pipeline.clients("sqs"), pipeline.clients("sns")
    as_deployed = _hide(pipeline, place.queue_url, str(HIDDEN_SECONDS))
    with tempfile.TemporaryDirectory() as folder:
        kills = Path(folder) / "kills"
        environment = {"KILL_SHARE": str(KILLS), "KILLS": str(kills)}
        product = put_before(pipeline, PROJECT, "killing", "killing_handler.handle", environment)
        limit = _limit(pipeline, place.event_source_id, AT_ONCE)
        pipeline.fail(LATENCY, *RULES)
        try:
            with subscribed(sqs, sns, pipeline.deployment.results_topic_arn, {"Project": [PROJECT]}) as subscriber:
                begun = time.monotonic()
                say(f"uploading {len(pictures)} files ...")
                uploads = pipeline.put(bucket, pictures)
                duplicates = _repeat(pipeline, place.queue_url, uploads)
                say(f"uploaded; {duplicates} of them told of twice ...")
                told = _until_over(pipeline, place.queue_url, subscriber, len(uploads))
                seconds = time.monotonic() - begun
        finally:
            pipeline.fail()
            give_back(pipeline, PROJECT, product)
            _limit(pipeline, place.event_source_id, limit)
            _hide(pipeline, place.queue_url, as_deployed)
        died = len(kills.read_text().splitlines()) if kills.exists() else 0
    dead = pipeline.waiting(place.dead_letter_queue_url)
    found = count(uploads, pipeline.jobs(prefix), told, duplicates, died, dead, seconds)
    return {"faults": {**vars(found), "seconds": round(found.seconds, 1)}}


def count(
    uploads: Sequence[ImageRef],
    jobs: Sequence[Job],
    told: Sequence[dict[str, Any]],
    duplicates: int,
    kills: int,
    dead: int,
    seconds: float,
) -> Survived:
    """Hold the results and the notifications against the uploads."""
    final = [job for job in jobs if job.status is not JobStatus.IN_PROGRESS]
    lost, twice = lost_and_twice(uploads, [job.image for job in final])
    outcomes = {(said["JobId"], said["Timestamp"], said["Status"]) for said in told}
    changed = len(outcomes) - len({job for job, *_ in outcomes})
    heard = {json.dumps(said["Image"], sort_keys=True) for said in told}
    failures = [str(job.outcome["ErrorCode"]) for job in final if job.status is JobStatus.FAILED]
    return Survived(
        uploads=len(uploads),
        terminal=len(uploads) - lost,
        lost=lost,
        twice=twice + changed,
        untold=sum(json.dumps(image.to_json(), sort_keys=True) not in heard for image in uploads),
        succeeded=len(final) - len(failures),
        failed={code: failures.count(code) for code in sorted(set(failures))},
        dead=dead,
        duplicates=duplicates,
        kills=kills,
        seconds=seconds,
    )


def _hide(pipeline: Pipeline, queue_url: str, seconds: str) -> str:
    """Set a queue's visibility timeout; return what it was before."""
    sqs, name = pipeline.clients("sqs"), "VisibilityTimeout"
    before = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])["Attributes"][name]
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={name: seconds})
    return str(before)


def _limit(pipeline: Pipeline, event_source_id: str, batches: int) -> int:
    """Limit how many batches an event source has worked on at the same time; return the limit before."""
    functions, name = pipeline.clients("lambda"), "MaximumConcurrency"
    before = functions.get_event_source_mapping(UUID=event_source_id)["ScalingConfig"][name]
    functions.update_event_source_mapping(UUID=event_source_id, ScalingConfig={name: batches})
    return int(before)


def _repeat(pipeline: Pipeline, queue_url: str, uploads: Sequence[ImageRef]) -> int:
    """Send the events of some uploads once more, as EventBridge may; return how many."""
    chosen = random.Random(1).sample(list(uploads), round(DUPLICATES * len(uploads)))
    for image in chosen:
        stored = {"key": image.key, "size": 1, "version-id": image.version}
        event = {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": image.bucket}, "object": stored},
        }
        pipeline.clients("sqs").send_message(QueueUrl=queue_url, MessageBody=json.dumps(event))
    return len(chosen)


def _until_over(pipeline: Pipeline, queue_url: str, subscriber: Subscriber, uploads: int) -> list[dict[str, Any]]:
    """Wait until the queue is empty and nobody tells any more; return the notifications."""
    told: list[dict[str, Any]] = []
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        said = subscriber.receive(_QUIET_SECONDS, lambda received: len(received) >= uploads // 4)
        told += said
        say(f"{len(told)} notifications, {pipeline.waiting(queue_url)} messages in the queue")
        if not said and not pipeline.waiting(queue_url):
            return told
    say(f"given up after {_PATIENCE_SECONDS:.0f} s")
    return told
