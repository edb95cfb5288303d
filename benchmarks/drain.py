"""How much of a model's capacity a backlog uses: ours, then a handler as the public samples have it.

600 images wait in the queue before its event source is opened. The stand-in looks at five a second and unit (a token
bucket that holds one second, no grace) and takes 0.3 s (median) to 0.8 s (99 of 100) for it. Projects of one and of
three units drain at the same time, first ours, then the baseline's, so that both have the same company.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.measures import lost_and_twice, share, used_share
from benchmarks.pictures import small_pictures
from benchmarks.pipeline import PER_UNIT, UNITS, BenchmarkError, Pipeline
from benchmarks.report import say
from benchmarks.side_functions import SidePath, add_path
from lambdas.images import ImageRef
from lambdas.items import from_item
from lambdas.jobs import JobStatus
from local.rekognition.detection_log import ANSWERED

IMAGES: Final = 600
PROJECTS: Final = ("one", "three")
BASELINE: Final = "baseline_handler.handle"
LATENCY: Final[Mapping[str, Any]] = {
    "fault": "latency",
    "operations": ["DetectCustomLabels"],
    "latency": {"distribution": "lognormal", "seconds": 0.3, "second": 0.4216},  # ln(0.8 / 0.3) / 2.3263
}
_PATIENCE: Final = 3.0  # times the time that the capacity allows
_PATIENCE_SECONDS: Final = 90.0  # and so much more: a message that failed hides for a minute
_SAID_EVERY_SECONDS: Final = 20.0
_QUIET_SECONDS: Final = 3.0  # before a drain: the bucket fills


@dataclass(frozen=True)
class Drained:
    """What one backlog came to."""

    used: float  # share of the capacity, between the first and the last detection
    throttled: float  # share of the calls
    lost: int  # images without a result
    twice: int  # results beyond the first of an image
    detections: int
    seconds: float  # between the first and the last detection


@dataclass(frozen=True)
class Backlog:
    """Images that wait, the event source that is closed before them, and where their results come to stand."""

    project: str
    queue_url: str
    event_source_id: str
    images: Sequence[ImageRef]
    results: Callable[[], Sequence[str]]  # the keys of the images of all results


def drain(pipeline: Pipeline, images: int = IMAGES) -> dict[str, Any]:
    """Measure both; return the report's keys."""
    pipeline.fail(LATENCY)
    try:
        ours = drained(pipeline, [our_backlog(pipeline, project, images) for project in PROJECTS])
        theirs = drained(pipeline, [baseline_backlog(pipeline, project, images) for project in PROJECTS])
    finally:
        pipeline.fail()
    return {"drain": {str(UNITS[project]): numbers_of(ours[project], theirs[project]) for project in PROJECTS}}


def our_backlog(pipeline: Pipeline, project: str, images: int) -> Backlog:
    """Close a project's event source and let images wait before it."""
    place = pipeline.project(project)
    pipeline.switch(place.event_source_id, on=False)
    prefix = f"{project}/drain-{time.time_ns()}/"
    found = pipeline.put(pipeline.deployment.images_bucket, small_pictures(prefix, images))

    def results() -> list[str]:
        return [job.image.key for job in pipeline.jobs(prefix) if job.status is not JobStatus.IN_PROGRESS]

    return Backlog(project, place.queue_url, place.event_source_id, found, results)


def baseline_backlog(
    pipeline: Pipeline, project: str, images: int, handler: str = BASELINE, *modules: str, **environment: str
) -> Backlog:
    """Deploy the baseline with a model of one of our projects, and let images wait before it.

    `handler` is what is called, `modules` are further files of this folder that it needs.
    """
    name = f"baseline-{project}-{time.time_ns() % 10**9}"
    path = _baseline_path(pipeline, project, name, handler, modules, environment)
    found = pipeline.put(path.bucket, small_pictures("drain/", images))

    def results() -> list[str]:
        pages = pipeline.clients("dynamodb").get_paginator("scan").paginate(TableName=name)
        return [from_item(item)["key"] for page in pages for item in page["Items"]]

    return Backlog(project, path.queue_url, path.event_source_id, found, results)


def _baseline_path(
    pipeline: Pipeline, project: str, name: str, handler: str, modules: Sequence[str], environment: Mapping[str, str]
) -> SidePath:
    """Deploy the baseline: a table, a topic and a closed way in."""
    pipeline.clients("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = pipeline.clients("sns").create_topic(Name=name)["TopicArn"]
    given = {"TABLE": name, "TOPIC_ARN": topic, "PROJECT_VERSION_ARN": pipeline.version_of(project), **environment}
    return add_path(pipeline, name, handler, given, *modules, batch=1, opened=False)


def drained(pipeline: Pipeline, backlogs: Sequence[Backlog]) -> dict[str, Drained]:
    """Open the event sources at the same time; return what each backlog came to, by project."""
    for backlog in backlogs:
        if not pipeline.wait(lambda backlog=backlog: _all_wait(pipeline, backlog), 60):  # type: ignore[misc]
            raise BenchmarkError(f"{pipeline.waiting(backlog.queue_url)} of {len(backlog.images)} images wait")
    time.sleep(_QUIET_SECONDS)
    begun = time.time()
    for backlog in backlogs:
        pipeline.switch(backlog.event_source_id, on=True)
    longest = max(len(backlog.images) / (PER_UNIT * UNITS[backlog.project]) for backlog in backlogs)
    say(f"{len(backlogs[0].images)} images each in {len(backlogs)} queues, {longest:.0f} s at the models' capacity ...")
    ended = _emptied(pipeline, backlogs, _PATIENCE * longest + _PATIENCE_SECONDS)
    for backlog in backlogs:
        pipeline.switch(backlog.event_source_id, on=False)
    if not ended:
        say(f"given up with {_left(pipeline, backlogs)} messages left; these images count as lost")
    return {backlog.project: _drained(pipeline, backlog, begun) for backlog in backlogs}


def _all_wait(pipeline: Pipeline, backlog: Backlog) -> bool:
    return pipeline.waiting(backlog.queue_url) == len(backlog.images)


def _emptied(pipeline: Pipeline, backlogs: Sequence[Backlog], seconds: float) -> bool:
    """Wait until no queue has messages; return whether that was within so many seconds."""
    for _ in range(math.ceil(seconds / _SAID_EVERY_SECONDS)):
        if pipeline.wait(lambda: not any(pipeline.waiting(each.queue_url) for each in backlogs), _SAID_EVERY_SECONDS):
            return True
        say(f"{_left(pipeline, backlogs)} messages left")
    return False


def _left(pipeline: Pipeline, backlogs: Sequence[Backlog]) -> str:
    return " and ".join(str(pipeline.waiting(each.queue_url)) for each in backlogs)


def _drained(pipeline: Pipeline, backlog: Backlog, begun: float) -> Drained:
    calls = pipeline.detections(pipeline.version_of(backlog.project), begun)
    keys = [image.key for image in backlog.images]
    return came_to(calls, PER_UNIT * UNITS[backlog.project], keys, backlog.results())


def came_to(
    calls: Sequence[tuple[float, str]], per_second: float, images: Sequence[str], results: Sequence[str]
) -> Drained:
    """Hold calls (when, outcome), a capacity, the keys of the images and those of the results against one another."""
    answered = [at for at, outcome in calls if outcome == ANSWERED]
    lost, twice = lost_and_twice(images, results)
    return Drained(
        used=used_share(answered, per_second),
        throttled=share(len(calls) - len(answered), len(calls)),
        lost=lost,
        twice=twice,
        detections=len(answered),
        seconds=max(answered) - min(answered) if answered else 0.0,
    )


def numbers_of(ours: Drained, theirs: Drained) -> dict[str, Any]:
    """Return the report's numbers of a project's backlog."""
    return _rounded(ours) | {f"baseline_{name}": number for name, number in _rounded(theirs).items()}


def _rounded(one: Drained) -> dict[str, Any]:
    return {
        **vars(one),
        "used": round(one.used, 4),
        "throttled": round(one.throttled, 4),
        "seconds": round(one.seconds, 1),
    }
