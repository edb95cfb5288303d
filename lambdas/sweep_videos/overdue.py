"""Jobs whose completion never came: asked about again, long before Rekognition forgets them after seven days."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.jobs import Job, JobStatus
from lambdas.queries import Queries, everything
from lambdas.sending import send_all
from lambdas.videos import VIDEO_API


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
        bodies = [json.dumps({"JobId": job.id, "API": VIDEO_API}) for job in self._jobs(project)]
        failed = send_all(self.sqs, self.queue_url, bodies)
        if failed:
            raise NotAskedError(
                f"{len(failed)} jobs of {project} could not be asked about: {next(iter(failed.values()))}"
            )
        return len(bodies)

    def _jobs(self, project: str) -> list[Job]:
        now = int(self.clock() * 1000)
        jobs = everything(
            lambda token: self.queries.by_status(project, [JobStatus.IN_PROGRESS], until=now, token=token)
        )
        return [job for job in jobs if job.api == VIDEO_API and job.due_at is not None and job.due_at <= now]
