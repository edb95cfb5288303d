"""Serve Amazon Rekognition Custom Labels: one request in, one answer out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from local.rekognition import detection, label_detection, moderation, projects, versions, video_detection
from local.rekognition.context import Context
from local.rekognition.errors import ServiceError, invalid_parameter
from local.rekognition.human_loops import MOST_LOOPS, HumanLoops
from local.rekognition.lifecycle import DEFAULT_DURATIONS, Durations, Version
from local.rekognition.objects import ObjectStore
from local.rekognition.orders import Outcome
from local.rekognition.protocol import Answer, failure, operation_of, read_body, success
from local.rekognition.state import Caller, State
from local.rekognition.topics import NO_TOPICS, Topics
from local.rekognition.training import train
from local.rekognition.validation import knows, validated
from local.rekognition.video_job import DEFAULT_SETTINGS, VideoSettings
from local.rekognition.video_jobs import LabelJobs

OPERATIONS: Mapping[str, Callable[[Context, Caller, dict[str, Any]], dict[str, Any]]] = {
    "CreateProject": projects.create_project,
    "DescribeProjects": projects.describe_projects,
    "DeleteProject": projects.delete_project,
    "CreateProjectVersion": versions.create_project_version,
    "DescribeProjectVersions": versions.describe_project_versions,
    "DeleteProjectVersion": versions.delete_project_version,
    "StartProjectVersion": versions.start_project_version,
    "StopProjectVersion": versions.stop_project_version,
    "DetectCustomLabels": detection.detect_custom_labels,
    "DetectLabels": label_detection.detect_labels,
    "DetectModerationLabels": moderation.detect_moderation_labels,
    "StartLabelDetection": video_detection.start_label_detection,
    "GetLabelDetection": video_detection.get_label_detection,
}

_TRAININGS_AT_ONCE = 2
_CRASHED = "Amazon Rekognition experienced a service issue."
_log = logging.getLogger(__name__)


class Rekognition:
    """The service with all its state; call it from any thread."""

    def __init__(
        self,
        *,
        objects: ObjectStore,
        now: Callable[[], float] = time.time,
        durations: Durations = DEFAULT_DURATIONS,
        topics: Topics = NO_TOPICS,
        videos: VideoSettings = DEFAULT_SETTINGS,
        most_human_loops: int = MOST_LOOPS,
    ) -> None:
        self._objects = objects
        self._now = now
        self._state = State(now, durations)
        self._context = Context(
            self._state,
            objects,
            self._begin_training,
            label_jobs=LabelJobs(now, objects, topics, videos),
            human_loops=HumanLoops(most_human_loops),
        )
        self._trainers = ThreadPoolExecutor(_TRAININGS_AT_ONCE, thread_name_prefix="training")

    def answer(self, target: str, body: bytes, *, account: str, region: str) -> Answer:
        """Answer one request; a caller's mistake is an error answer, never an exception."""
        try:
            operation = operation_of(target)
            if not knows(operation):
                raise ServiceError("UnknownOperationException", f"Rekognition has no operation {operation}.")
            request = validated(operation, read_body(body))
            if operation not in OPERATIONS:
                raise invalid_parameter(f"{operation} is not served by the local stand-in.")
            return success(OPERATIONS[operation](self._context, Caller(account, region), request))
        except ServiceError as error:
            return failure(error)

    def _begin_training(self, version: Version) -> None:
        learning = self._trainers.submit(train, version.order, self._objects, self._now)
        learning.add_done_callback(lambda done: self._end_training(version, done))

    def _end_training(self, version: Version, learning: Future[Outcome]) -> None:
        error = learning.exception()
        if error is not None:
            _log.error("The training of %s crashed.", version.arn, exc_info=error)
        outcome = Outcome(_CRASHED) if error is not None else learning.result()
        with self._state.lock:
            # No other request changes a version while it trains.
            self._state.put_version(replace(version, outcome=outcome, learned_at=self._now()))
