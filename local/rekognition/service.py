"""Serve Amazon Rekognition Custom Labels: one request in, one answer out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.rekognition.context import Context
from local.rekognition.dataset_reading import DatasetReaders
from local.rekognition.detection_log import DetectionLog
from local.rekognition.errors import ServiceError, invalid_parameter
from local.rekognition.failures import SERVICE_ISSUE
from local.rekognition.fault_plans import NO_FAULTS, FaultPlan
from local.rekognition.faults import Faults, Struck
from local.rekognition.human_loops import MOST_LOOPS, HumanLoops
from local.rekognition.lifecycle import DEFAULT_DURATIONS, Durations, Status, Version
from local.rekognition.limits import DEFAULT_LIMITS, DataLimits
from local.rekognition.meter import Usage
from local.rekognition.objects import ObjectStore, RegionalObjects
from local.rekognition.operations import OPERATIONS
from local.rekognition.orders import Outcome
from local.rekognition.protocol import CUT, Answer, failure, operation_of, read_body, success
from local.rekognition.quotas import SERVICE_QUOTAS, Quotas
from local.rekognition.rates import check_rate
from local.rekognition.seals import Seal
from local.rekognition.state import Caller, State
from local.rekognition.storage import StateFolder
from local.rekognition.topics import NO_TOPICS, Topics
from local.rekognition.training import train
from local.rekognition.validation import knows, validated
from local.rekognition.video_job import DEFAULT_SETTINGS, VideoSettings
from local.rekognition.video_jobs import LabelJobs
from local.rekognition.wanted_objects import WantedObjects
from local.rekognition.workers import Check, Workers

_TRAININGS_AT_ONCE = 2
_ONLY_READ = ("Describe", "Detect", "Get", "List")
_MAY_BEGIN_LOOP = "HumanLoopConfig"  # in a request that otherwise only reads
_log = logging.getLogger(__name__)


class Rekognition:
    """The service with all its state; call it from any thread."""

    def __init__(
        self,
        *,
        objects: ObjectStore,
        now: Callable[[], float] = time.time,
        durations: Durations = DEFAULT_DURATIONS,
        limits: DataLimits = DEFAULT_LIMITS,
        quotas: Quotas = SERVICE_QUOTAS,
        faults: FaultPlan = NO_FAULTS,
        bill_starting: bool = False,
        folder: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        topics: Topics = NO_TOPICS,
        videos: VideoSettings = DEFAULT_SETTINGS,
        most_human_loops: int = MOST_LOOPS,
    ) -> None:
        """Begin with nothing, or with what the folder keeps. Raises StateFolderError.

        `sleep` waits for the latencies of `faults`; `bill_starting` makes the meter bill STARTING too.
        """
        self._objects = objects
        self._now = now
        self._state = State(now, durations)
        self._readers = DatasetReaders(self._state, objects, limits, self._save)
        self._context = Context(
            self._state,
            objects,
            self._begin_training,
            self._readers.begin,
            label_jobs=LabelJobs(now, objects, topics, videos, self._save),
            human_loops=HumanLoops(most_human_loops),
            limits=limits,
            quotas=quotas,
        )
        self._trainers = Workers(_TRAININGS_AT_ONCE, "training")
        self.faults = Faults(faults)
        self.detections = DetectionLog(now)
        self._plan = faults
        self._bill_starting = bill_starting
        self._sleep = sleep
        self._folder = StateFolder(folder) if folder else None
        self._resume()

    def answer(self, target: str, body: bytes, *, account: str, region: str) -> Answer:
        """Answer one request; a caller's mistake is an error answer, never an exception."""
        try:
            operation = operation_of(target)
            if not knows(operation):
                raise ServiceError("UnknownOperationException", f"Rekognition has no operation {operation}.")
            request = validated(operation, read_body(body))
            if operation not in OPERATIONS:
                raise invalid_parameter(f"{operation} is not served by the local stand-in.")
            struck = self.faults.strike(operation)
            if struck.wait:
                self._sleep(struck.wait)
            with self.detections.noting(operation, request, cut=struck.cut):
                return CUT if struck.cut else self._answer(operation, Caller(account, region), request, struck)
        except ServiceError as error:
            return failure(error)

    def usage(self) -> Mapping[str, Usage]:
        """Return what every version has used so far, deleted ones too, by its ARN."""
        with self._state.lock:
            return self._state.usage(self._bill_starting)

    def reset(self) -> None:
        """Forget everything, and abandon the work in the background. The plan of faults begins anew."""
        with self._state.lock:
            self._state.forget()
            self._readers.abandon()
            self._trainers.abandon()
            self._context.label_jobs.forget()
            self._context.human_loops.forget()
            self.faults.follow(self._plan)
            self.detections.forget()
            self._save()

    def close(self) -> None:
        """Wait for the work that has begun, keep what it brings, and leave the folder."""
        self._readers.close()
        self._trainers.close()
        self._context.label_jobs.close()
        with self._state.lock:
            self._save()
            if self._folder:
                self._folder.close()
            self._folder = None  # a thread that comes late must not write what is another process's now

    def _answer(self, operation: str, caller: Caller, request: dict[str, Any], struck: Struck) -> Answer:
        if struck.refusal:
            raise struck.refusal
        objects = RegionalObjects(self._objects, caller.region)
        context = replace(self._context, objects=objects, endings=struck.endings)
        check_rate(context, caller, operation)
        seal = Seal(self._state.token_key, caller, operation, request)
        if request.get("NextToken"):
            request = {**request, "NextToken": seal.open(request["NextToken"])}
        response = OPERATIONS[operation](context, caller, request)
        if "NextToken" in response:
            response = {**response, "NextToken": seal.close(response["NextToken"])}
        if not operation.startswith(_ONLY_READ) or _MAY_BEGIN_LOOP in request:
            self._save()
        return success(response)

    def _save(self) -> None:
        with self._state.lock:
            if self._folder:
                contents = {
                    "at": self._now(),
                    "state": self._state.contents(),
                    "label_jobs": self._context.label_jobs.contents(),
                    "human_loops": self._context.human_loops.contents(),
                }
                self._folder.save(contents)

    def _resume(self) -> None:
        """Take up what the folder keeps: work begins again, a copy that was cut off has failed."""
        kept = self._folder.load() if self._folder else None
        if kept is None:
            return
        with self._state.lock:
            self._state.restore(kept["state"])
            self._state.pass_over(kept["at"])
            self._readers.resume()
            self._context.human_loops.restore(kept["human_loops"])
            self._context.label_jobs.restore(kept["label_jobs"])
            for version in self._state.in_status(Status.TRAINING_IN_PROGRESS):
                if version.outcome is None:
                    self._begin_training(version)
            for version in self._state.in_status(Status.COPYING_IN_PROGRESS):
                if version.outcome is None:
                    self._state.put_version(replace(version, outcome=Outcome(SERVICE_ISSUE), learned_at=self._now()))

    def _begin_training(self, version: Version) -> None:
        objects = RegionalObjects(self._objects, version.arn.split(":")[3])

        def work(check: Check) -> Outcome:
            return train(version.order, WantedObjects(objects, check), self._now, self._context.limits)

        self._trainers.begin(work, lambda done: self._end_training(version, done))

    def _end_training(self, version: Version, learning: Future[Outcome]) -> None:
        error = learning.exception()
        if error is not None:
            _log.error("The training of %s crashed.", version.arn, exc_info=error)
        outcome = Outcome(SERVICE_ISSUE) if error is not None else learning.result()
        with self._state.lock:
            if not self._state.has_version(version.arn):
                return  # forgotten meanwhile
            # No other request changes a version while it trains.
            self._state.put_version(replace(version, outcome=outcome, learned_at=self._now()))
            self._save()
