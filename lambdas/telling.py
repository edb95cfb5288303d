"""Tells of final jobs: on the results topic, on the topic that a request names, and of start jobs that they end."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.events import DetectionRequest
from lambdas.jobs import SCHEMA_VERSION, Job
from lambdas.notifications import Notification, completion, publish
from lambdas.results import ResultsTable
from lambdas.start_jobs import START_API, StartJob, StartJobs


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Publishes at least once, and notes on the item that it did."""

    sns: Any
    results: ResultsTable
    results_topic_arn: str
    clock: Callable[[], float] = time.time

    def tell(self, job: Job, request: DetectionRequest | None = None) -> None:
        """Tell of a final job where no publish has succeeded yet; count it for the start job that asked for it.

        `request` is what this delivery asked. It may come after the job has ended, and want to hear of it all the same.
        """
        topics = [self.results_topic_arn] if job.unnotified else []
        wanted = request.notification_topic if request else job.notification_topic
        if wanted and (job.unnotified or wanted != job.notification_topic):
            topics.append(wanted)
        for topic in topics:
            publish(self.sns, topic, completion(job))
        if job.unnotified:
            self.results.mark_notified(job)
        asking = (request.start_job_id if request else None) or job.start_job_id
        if asking:
            if asking != job.start_job_id:
                self.results.starts.count(asking, job)
            tell_start(self.sns, self.results.starts, asking, self.clock())


def tell_start(sns: Any, starts: StartJobs, start_id: str, now: float) -> None:
    """End a start job whose images are all done, and tell of it where nobody has; `now` is in epoch seconds."""
    start = starts.finish_if_done(start_id, now)
    if start is None:
        return
    if start.notification_topic:
        publish(sns, start.notification_topic, start_completion(start))
    starts.mark_notified(start_id)


def start_completion(start: StartJob) -> Notification:
    """Tell of a final start job, in the words of a job's own completion."""
    said = {
        "JobId": start.id,
        "Status": start.status.value,
        "API": START_API,
        "JobTag": start.job_tag,
        "Timestamp": start.timestamp,
        "Project": start.project,
        "Total": start.total,
        "Failed": start.failed,
        "StatusMessage": start.status_message,
        "SchemaVersion": SCHEMA_VERSION,
    }
    body = {name: value for name, value in said.items() if value is not None}
    attributes = {"Status": start.status.value, "Project": start.project, "API": START_API}
    return Notification(
        json.dumps(body, ensure_ascii=False),
        {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
