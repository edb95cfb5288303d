"""What no message brings to its end any more: results that nobody was told of, and jobs that nobody will finish."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.delivery import DEAD_KEPT_SECONDS, KEPT_SECONDS
from lambdas.errors import ErrorCode
from lambdas.items import from_item, to_item
from lambdas.jobs import Job, JobStatus, Source, failed
from lambdas.queries import Queries, everything
from lambdas.result_items import job_of
from lambdas.results import ResultsBusyError, ResultsTable
from lambdas.start_jobs import START_API
from lambdas.telling import Teller, tell_start

UNTOLD_SECONDS: Final = 300  # since its end: until then the delivery that ended a job may still tell of it
# Since it was opened: no message of the job can be in its queue any more, though it was a dead letter and sent back.
ABANDONED_SECONDS: Final = KEPT_SECONDS + DEAD_KEPT_SECONDS + KEPT_SECONDS

_LEASE_SECONDS: Final = 60.0

logger: Final = Logger()


class NotSweptError(RuntimeError):
    """Some jobs could not be told of or ended; the log says why, and the next sweep tries again."""


@dataclass(frozen=True, kw_only=True)
class Sweeper:
    """What a sweep works with."""

    dynamodb: Any
    results: ResultsTable
    teller: Teller
    holder: str  # names this sweep, unlike any other
    has_time: Callable[[], bool]
    clock: Callable[[], float] = time.time

    def sweep(self, project: str, retention_days: int | None) -> int:
        """Tell of a project's untold results and end its abandoned jobs; return how many.

        Raises NotSweptError once all have been tried.
        """
        swept = faults = 0
        for end in (*self._untold(project), *self._abandoned(project, retention_days)):
            if not self.has_time():
                break
            try:
                end()
            except (ClientError, BotoCoreError, ResultsBusyError):
                faults += 1
                logger.exception("a job could not be swept", project=project)
            else:
                swept += 1
        if faults:
            raise NotSweptError(f"{faults} jobs of {project} could not be told of or ended")
        return swept

    def _untold(self, project: str) -> Iterator[Callable[[], None]]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.results.name,
            IndexName="Unnotified",
            KeyConditionExpression="Unnotified = :project",
            ExpressionAttributeValues=to_item({":project": project}),
        )
        for page in pages:
            for item in map(from_item, page["Items"]):
                if item["Timestamp"] / 1000 + UNTOLD_SECONDS <= self.clock():
                    yield self._telling(item)

    def _telling(self, item: dict[str, Any]) -> Callable[[], None]:
        if item["API"] == START_API:
            return lambda: tell_start(self.teller.sns, self.results.starts, item["JobId"], self.clock())
        return lambda: self.teller.tell(job_of(item))

    def _abandoned(self, project: str, retention_days: int | None) -> Iterator[Callable[[], None]]:
        until = int((self.clock() - ABANDONED_SECONDS) * 1000)
        queries = Queries(self.dynamodb, self.results.name)
        jobs = everything(lambda token: queries.by_status(project, [JobStatus.IN_PROGRESS], until=until, token=token))
        for job in jobs:
            yield lambda job=job: self._expire(job, retention_days)  # type: ignore[misc]

    def _expire(self, job: Job, retention_days: int | None) -> None:
        opened = self.results.open(job, holder=self.holder, now=self.clock(), lease_seconds=_LEASE_SECONDS)
        if not opened.held:
            return
        outcome = failed(
            ErrorCode.EXPIRED,
            "No message asks for the image any more. Upload it again.",
            Source(size=0),
            moderation=opened.job.moderation,
        )
        ended = self.results.finish(
            opened.job, outcome, holder=self.holder, now=self.clock(), retention_days=retention_days
        )
        self.teller.tell(ended)
