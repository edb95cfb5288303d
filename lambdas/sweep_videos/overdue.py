"""Jobs whose completion never came: asked about again, long before Rekognition forgets them after seven days."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.items import to_item
from lambdas.jobs import Job, JobStatus
from lambdas.queries import Queries, everything
from lambdas.result_items import job_key
from lambdas.sending import send_all
from lambdas.videos import VIDEO_API

# A job is asked about again after half its age: of seven days, some forty times.
SOONEST_MILLIS: Final = 15 * 60 * 1000
LATEST_MILLIS: Final = 6 * 60 * 60 * 1000


class NotAskedError(RuntimeError):
    """Some jobs could not be asked about; the next sweep tries again."""


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """Finds the jobs that should have ended, and has collect_video ask how they stand."""

    queries: Queries
    sqs: Any
    queue_url: str  # of collect_video
    clock: Callable[[], float] = time.time

    def ask(self, project: str) -> int:
        """Ask about a project's overdue jobs; return how many they are. Raises NotAskedError."""
        now = int(self.clock() * 1000)
        jobs = self._jobs(project, now)
        bodies = [json.dumps({"JobId": job.id, "API": VIDEO_API}) for job in jobs]
        failed = send_all(self.sqs, self.queue_url, bodies)
        for place, job in enumerate(jobs):
            if place not in failed:
                self._put_off(job, now)
        if failed:
            raise NotAskedError(
                f"{len(failed)} jobs of {project} could not be asked about: {next(iter(failed.values()))}"
            )
        return len(jobs)

    def _jobs(self, project: str, now: int) -> list[Job]:
        jobs = everything(
            lambda token: self.queries.by_status(project, [JobStatus.IN_PROGRESS], until=now, token=token)
        )
        return [job for job in jobs if job.api == VIDEO_API and job.due_at is not None and job.due_at <= now]

    def _put_off(self, job: Job, now: int) -> None:
        """Note when a job is asked about again, unless it has ended meanwhile; times are in epoch milliseconds."""
        again = now + min(max(SOONEST_MILLIS, (now - job.created_at) // 2), LATEST_MILLIS)
        try:
            self.queries.dynamodb.update_item(
                TableName=self.queries.name,
                Key=to_item(job_key(job.id)),
                UpdateExpression="SET DueAt = :again",
                ConditionExpression="#Status = :open AND DueAt = :due",
                ExpressionAttributeNames={"#Status": "Status"},
                ExpressionAttributeValues=to_item(
                    {":again": again, ":open": JobStatus.IN_PROGRESS.value, ":due": job.due_at}
                ),
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
