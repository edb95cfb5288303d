"""Answers how far a start job is and what its images showed, a page at a time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.api_errors import (
    InvalidPaginationTokenException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from lambdas.pages import InvalidTokenError
from lambdas.queries import Queries
from lambdas.start_jobs import StartJob, StartJobs

MAX_RESULTS: Final = 1000  # of one answer; more is cut without a word, as GetLabelDetection does

_MEMBERS: Final = ("JobId", "MaxResults", "NextToken")
# Lambda answers 6 MB at most, and one result has up to 300 KB of labels: what is over that is in S3. So an answer that
# is not full yet has room for one more chunk.
_CHUNK: Final = 14
_FULL: Final = 1024 * 1024  # bytes


@dataclass(frozen=True, kw_only=True)
class Getter:
    """What a get works with."""

    starts: StartJobs
    queries: Queries

    def get(self, said: Any) -> dict[str, Any]:
        """Return a start job and the results of some of its images; raise the errors of lambdas/api_errors.py.

        Results come in the order of their job ids, which stays as it is once the start job is final.
        """
        start_id, limit, token = _read(said)
        start = self.starts.get(start_id)
        if start is None:
            raise ResourceNotFoundException(f"There is no job {start_id!r}; it may have expired")
        try:
            results, next_token = self._results(start_id, limit, token)
        except InvalidTokenError as error:
            raise InvalidPaginationTokenException(str(error)) from error
        return _spelled(start) | {"Results": results} | ({"NextToken": next_token} if next_token else {})

    def _results(self, start_id: str, limit: int, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
        results: list[dict[str, Any]] = []
        size = 0
        while True:
            page = self.queries.by_start_job(start_id, limit=min(_CHUNK, limit - len(results)), token=token)
            found = [job.to_json() for job in page.entries]
            results += found
            size += len(json.dumps(found))
            token = page.next_token
            if token is None or len(results) >= limit or size > _FULL:
                return results, token


def _read(said: Any) -> tuple[str, int, str | None]:
    if not isinstance(said, Mapping) or any(name not in _MEMBERS for name in said):
        raise InvalidParameterException(f"The request must be an object of {', '.join(_MEMBERS)}")
    start_id, limit, token = said.get("JobId"), said.get("MaxResults", MAX_RESULTS), said.get("NextToken")
    if not isinstance(start_id, str) or not start_id:
        raise InvalidParameterException("JobId must be the text that start_detection answered")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise InvalidParameterException("MaxResults must be a whole number of 1 or more")
    if not isinstance(token, str | None):
        raise InvalidPaginationTokenException("NextToken must be the text that get_detection answered")
    return start_id, min(limit, MAX_RESULTS), token


def _spelled(start: StartJob) -> dict[str, Any]:
    said = {
        "JobId": start.id,
        "JobStatus": start.status.value,
        "StatusMessage": start.status_message,
        "JobTag": start.job_tag,
        "Project": start.project,
        "Image": start.request.get("Image"),
        "Images": start.request.get("Images"),
        "Total": start.total,
        "Done": start.done,
        "Failed": start.failed,
    }
    return {name: value for name, value in said.items() if value is not None}
