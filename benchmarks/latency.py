"""From S3 put to SNS receipt at low load: ours, and the same path with a handler that publishes straight away.

One image at a time, the two paths in turn, so that both have the machine to themselves and the same moods of it.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from benchmarks.measures import percentile
from benchmarks.pictures import small_pictures
from benchmarks.pipeline import BenchmarkError, Pipeline
from benchmarks.report import say
from benchmarks.side_functions import add_path
from demo.subscriber import Subscriber, subscribed

IMAGES: Final = 240
PROJECT: Final = "five"
_WARM: Final = 5  # of each path, before any is counted
_PATIENCE_SECONDS: Final = 30.0
_SAID_EVERY: Final = 40


def latency(pipeline: Pipeline, images: int = IMAGES) -> dict[str, Any]:
    """Measure both; return the report's keys."""
    sqs, sns = pipeline.clients("sqs"), pipeline.clients("sns")
    topic = sns.create_topic(Name="bench-floor")["TopicArn"]
    floor = add_path(pipeline, "floor", "empty_handler.handle", {"TOPIC_ARN": topic}, batch=10, opened=True)
    prefix = f"{PROJECT}/latency-{time.time_ns()}/"
    pictures = small_pictures(prefix, images + _WARM)
    ours: list[float] = []
    theirs: list[float] = []
    with (
        subscribed(sqs, sns, pipeline.deployment.results_topic_arn) as told,
        subscribed(sqs, sns, topic) as told_by_floor,
    ):
        for number, (key, body) in enumerate(pictures.items(), start=1):
            ours.append(_seconds(pipeline, pipeline.deployment.images_bucket, key, body, told))
            theirs.append(_seconds(pipeline, floor.bucket, key, body, told_by_floor))
            if number % _SAID_EVERY == 0:
                say(f"{number} of {len(pictures)} images")
    return {"latency": numbers_of(ours[_WARM:], theirs[_WARM:])}


def _seconds(pipeline: Pipeline, bucket: str, key: str, body: bytes, subscriber: Subscriber) -> float:
    """Return the seconds from the beginning of an upload to its notification."""
    begun = time.monotonic()
    pipeline.put(bucket, {key: body})

    def came(messages: list[dict[str, Any]]) -> bool:
        return any(message["Image"]["S3ObjectName"] == key for message in messages)

    if not came(subscriber.receive(_PATIENCE_SECONDS, came)):
        raise BenchmarkError(f"nobody was told of s3://{bucket}/{key} in {_PATIENCE_SECONDS:.0f} s")
    return time.monotonic() - begun


def numbers_of(ours: Sequence[float], floor: Sequence[float]) -> dict[str, Any]:
    """Return the report's numbers of two series of seconds."""
    numbers: dict[str, Any] = {"images": len(ours)}
    for percent in (50, 99):
        mine, empty = percentile(ours, percent), percentile(floor, percent)
        numbers |= {
            f"p{percent}_ms": round(mine * 1000, 1),
            f"p{percent}_floor_ms": round(empty * 1000, 1),
            f"p{percent}_ratio": round(mine / empty, 3),
        }
    return numbers
