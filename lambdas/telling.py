"""Tells of final jobs: on the results topic, on the topic that a request names, and of start jobs that they end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.events import DetectionRequest
from lambdas.jobs import Job
from lambdas.notifications import completion, publish, start_completion
from lambdas.results import ResultsTable
from lambdas.start_jobs import StartJobs


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
        for topic in self._topics(job, request):
            publish(self.sns, topic, completion(job))
        if job.unnotified:
            self.results.mark_notified(job)
        asking = (request.start_job_id if request else None) or job.start_job_id
        if asking:
            if asking != job.start_job_id:
                self.results.starts.count(asking, job, now=self.clock())
            tell_start(self.sns, self.results.starts, asking, self.clock())

    def _topics(self, job: Job, request: DetectionRequest | None) -> list[str]:
        results_topic = None if job.video_job_id else self.results_topic_arn  # the video is told of
        waiting = [results_topic, job.notification_topic] if job.unnotified else []
        asked = request.notification_topic if request else None
        late = [asked] if asked != job.notification_topic else []
        return [topic for topic in (*waiting, *late) if topic]


def tell_start(sns: Any, starts: StartJobs, start_id: str, now: float) -> None:
    """End a start job whose images are all done, and tell of it where nobody has; `now` is in epoch seconds."""
    start = starts.finish_if_done(start_id, now)
    if start is None:
        return
    if start.notification_topic:
        publish(sns, start.notification_topic, start_completion(start))
    starts.mark_notified(start_id)
