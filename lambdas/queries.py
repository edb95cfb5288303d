"""Reads the results table: by job, image, label, status and start job, a page at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from lambdas.images import ImageRef
from lambdas.items import from_item, to_item
from lambdas.jobs import Job, JobStatus
from lambdas.pages import Order, Pages, Stream
from lambdas.result_items import IMAGE, image_key, job_key, job_of, project_label, project_status
from lambdas.start_jobs import START_API
from lambdas.videos import pointed, pointed_from

Entry = TypeVar("Entry")
Read = TypeVar("Read")

MAX_PAGE: Final = 100  # entries; the keys that one BatchGetItem takes

_FINAL: Final = (JobStatus.SUCCEEDED, JobStatus.FAILED)
_FOREVER: Final = 10**15  # epoch milliseconds


@dataclass(frozen=True)
class Page(Generic[Entry]):
    """A part of an answer. It may hold fewer entries than were asked for: only without a token it is the last."""

    entries: tuple[Entry, ...]
    next_token: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One distinct label of one image or video."""

    label: str
    confidence: float  # percent, of the best occurrence
    count: int
    job_id: str
    project: str
    image: ImageRef
    project_version_arn: str | None
    timestamp: int  # epoch milliseconds

    def to_json(self) -> dict[str, Any]:
        """Spell the sighting for people and programs."""
        return {
            "Label": self.label,
            "Confidence": self.confidence,
            "Count": self.count,
            "JobId": self.job_id,
            "Project": self.project,
            **pointed(self.image),
            "ProjectVersionArn": self.project_version_arn,
            "Timestamp": self.timestamp,
        }


@dataclass(frozen=True)
class Queries:
    """Questions to the results table of a deployment, through a boto3 DynamoDB client.

    Those that page take at most `MAX_PAGE` as `limit`, and as `token` the `next_token` of the page before; they raise
    lambdas.pages.InvalidTokenError where that belongs to another question.
    """

    dynamodb: Any
    name: str

    def job(self, job_id: str) -> Job | None:
        """Return the job of one image or video, or None where there is none of that id."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(job_key(job_id)), ConsistentRead=True)
        item = from_item(answer.get("Item", {}))
        return job_of(item) if item and item["API"] != START_API else None

    def jobs(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Return the jobs of up to `MAX_PAGE` ids, by their ids; one that is not there is left out."""
        jobs: dict[str, Job] = {}
        keys = [to_item(job_key(job_id)) for job_id in job_ids]
        while keys:
            answer = self.dynamodb.batch_get_item(RequestItems={self.name: {"Keys": keys, "ConsistentRead": True}})
            for item in answer["Responses"].get(self.name, []):
                job = job_of(from_item(item))
                jobs[job.id] = job
            # What 16 MB do not hold, or what was throttled.
            keys = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
        return jobs

    def by_image(self, bucket: str, key: str, *, limit: int = MAX_PAGE, token: str | None = None) -> Page[Job]:
        """Return the jobs of all versions of one image or video, the newest first."""
        stream = Stream("ImageKey", image_key(bucket, key), index="ByImage", order=Order("CreatedAt", is_number=True))
        return self._page([stream], limit, token, job_of)

    def by_status(
        self,
        project: str,
        statuses: Sequence[JobStatus] = _FINAL,
        *,
        since: int = 0,
        until: int = _FOREVER,
        limit: int = MAX_PAGE,
        token: str | None = None,
    ) -> Page[Job]:
        """Return a project's jobs that have one of these statuses, the newest first.

        `since` and `until` bound when they were opened, in epoch milliseconds.
        """
        order = Order("CreatedAt", is_number=True, low=since, high=until)
        streams = [
            Stream("ProjectStatus", project_status(project, status), index="ByStatus", order=order)
            for status in statuses
        ]
        return self._page(streams, limit, token, job_of)

    def by_label(
        self, project: str, label: str, *, min_confidence: float = 0, limit: int = MAX_PAGE, token: str | None = None
    ) -> Page[Sighting]:
        """Return the images on which a label was seen with at least this confidence, the highest first."""
        order = Order("Confidence", is_number=True, low=min_confidence, high=100)
        stream = Stream("ProjectLabel", project_label(project, label), index="ByLabel", order=order)
        return self._page([stream], limit, token, _sighting)

    def by_start_job(self, start_id: str, *, limit: int = MAX_PAGE, token: str | None = None) -> Page[Job]:
        """Return the jobs of a start job's images that are done, in the order of their ids."""
        order = Order("SK", low=IMAGE, high=IMAGE + "~")
        stream = Stream("PK", f"JOB#{start_id}", order=order, descending=False)
        done = self._page([stream], limit, token, lambda item: str(item["JobId"]))
        jobs = self.jobs(done.entries)
        # One that has expired since is left out.
        return Page(tuple(jobs[job_id] for job_id in done.entries if job_id in jobs), done.next_token)

    def _page(
        self, streams: Sequence[Stream], limit: int, token: str | None, read: Callable[[dict[str, Any]], Read]
    ) -> Page[Read]:
        items, next_token = Pages(self.dynamodb, self.name).page(streams, min(limit, MAX_PAGE), token)
        return Page(tuple(read(from_item(item)) for item in items), next_token)


def everything(ask: Callable[[str | None], Page[Entry]]) -> Iterator[Entry]:
    """Yield the entries of all pages; `ask` returns the page that a token names."""
    page = ask(None)
    yield from page.entries
    while page.next_token is not None:
        page = ask(page.next_token)
        yield from page.entries


def _sighting(item: Mapping[str, Any]) -> Sighting:
    return Sighting(
        label=item["Label"],
        confidence=item["Confidence"],
        count=item["Count"],
        job_id=item["JobId"],
        project=item["Project"],
        image=pointed_from(item),
        project_version_arn=item.get("ProjectVersionArn"),
        timestamp=item["Timestamp"],
    )
