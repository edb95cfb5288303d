"""Writes the results table: opens a job for one delivery at a time, and commits its outcome all at once, or not.

A delivery that works on a job holds its lease. A lease that has run out tells of a holder that died: the next one takes
it and counts a crash. lambdas/queries.py reads the table, lambdas/result_items.py spells its items.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.delivery import FRAMES_SECONDS
from lambdas.errors import LaterError, error_code
from lambdas.items import from_item, to_item
from lambdas.jobs import Job, JobStatus
from lambdas.label_objects import LabelObjects
from lambdas.labels import labels_of, summarize
from lambdas.moderation import Moderation
from lambdas.result_items import LABEL, LEASE, expiry, identity, job_key, job_of, label_item, open_item, project_status
from lambdas.start_jobs import StartJobs
from lambdas.transactions import MAX_ACTIONS, RefusedError, ResultsBusyError, Transactions

__all__ = ["BusyError", "JobOpenError", "Opened", "ResultsBusyError", "ResultsTable"]

_OPENINGS: Final = 5  # each after the first means that another delivery has just moved the job on


class JobOpenError(Exception):
    """The job is not final yet."""


class BusyError(LaterError):
    """Another delivery works on the job, until `until` (epoch seconds) at the latest."""

    def __init__(self, job: Job, until: float) -> None:
        super().__init__(f"another delivery works on job {job.id}")
        self.until = until

    def least_seconds(self, now: float) -> float:
        return max(0.0, self.until - now)


@dataclass(frozen=True)
class Opened:
    """How a job stands for the delivery that wants to work on it."""

    job: Job
    held: bool = False  # this delivery holds the lease; where it does not, the job is final or busy
    busy_until: float | None = None  # epoch seconds; another delivery works on it until then at the latest
    crashes: int = 0  # deliveries that died while they held the lease

    def unless_busy(self) -> "Opened":
        """Return this; raise BusyError where another delivery works on the job."""
        if self.busy_until is not None:
            raise BusyError(self.job, self.busy_until)
        return self


@dataclass(frozen=True)
class ResultsTable:
    """The results table of a deployment, through a boto3 DynamoDB client; lists of labels too long for it go to S3."""

    dynamodb: Any
    name: str
    objects: LabelObjects
    pause: Callable[[float], None] = time.sleep

    @property
    def starts(self) -> StartJobs:
        """The start jobs, which are in the same table."""
        return StartJobs(self.dynamodb, self.name, self.pause)

    @property
    def transactions(self) -> Transactions:
        """All-or-nothing writes."""
        return Transactions(self.dynamodb, self.pause)

    def open(self, job: Job, *, holder: str, now: float, lease_seconds: float) -> Opened:
        """Write a new job with a lease for `holder`, or take the lease of the job as it stands, where it is free.

        The first write pins the model version; a redelivery gets the pinned one back. `holder` names one delivery.
        """
        lease = dict(zip(LEASE, (holder, now + lease_seconds), strict=True))
        for _ in range(_OPENINGS):
            standing = self._put_new(job, lease)
            if standing is None:
                return Opened(job, held=True)
            while standing:
                found, crashes = job_of(standing), standing.get("Crashes", 0)
                if found.status is not JobStatus.IN_PROGRESS:
                    return Opened(found, crashes=crashes)
                if standing.get("LeaseHolder", holder) != holder and standing["LeaseUntil"] > now:
                    return Opened(found, busy_until=standing["LeaseUntil"], crashes=crashes)
                taken, standing = self._take(standing, lease)
                if taken:
                    return Opened(job_of(standing), held=True, crashes=standing.get("Crashes", 0))
        raise ResultsBusyError(f"job {job.id} changed at each of {_OPENINGS} looks")

    def pin(self, job: Job, project_version_arn: str, *, holder: str) -> Job:
        """Move an open job to another model version: the one it was pinned to does not run any more."""
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(job_key(job.id)),
            UpdateExpression="SET ProjectVersionArn = :arn",
            **_while_held(holder, {":arn": project_version_arn}),
        )
        return replace(job, project_version_arn=project_version_arn)

    def note_moderation(self, job: Job, moderation: Moderation, *, holder: str) -> Job:
        """Keep what moderation said of an open job's image: no later delivery pays for it, or bothers people, again."""
        said = moderation.to_json()
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(job_key(job.id)),
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in said),
            **_while_held(holder, {f":{name}": value for name, value in said.items()}),
        )
        return replace(job, moderation=moderation)

    def release(self, job: Job, *, holder: str, forgiven: bool = False) -> None:
        """Hand a job back in order, for another delivery to finish; nothing happens where the lease is not ours.

        `forgiven` says that what deliveries died of is behind the job: its crashes are counted anew.
        """
        self._remove(job, (*LEASE, "Crashes") if forgiven else LEASE, holder)

    def forget_crashes(self, job: Job, *, holder: str) -> None:
        """Count the deliveries that died of a held job anew: it has come farther since, and kept what it has."""
        self._remove(job, ("Crashes",), holder)

    def finish(
        self, job: Job, outcome: Mapping[str, Any], *, holder: str, now: float, retention_days: int | None
    ) -> Job:
        """Commit the outcome of a held job: the job, its label items and its start job's count, all or nothing.

        Returns the job as it now stands: where another delivery was faster, its outcome and not this one. Raises
        ResultsBusyError where another delivery has taken the lease and is not done yet.
        """
        # A frame's result is kept until its video is merged.
        spare_seconds = FRAMES_SECONDS if job.video_job_id else 0
        timestamp, expires = int(now * 1000), expiry(now, retention_days, spare_seconds=spare_seconds)
        version = outcome.get("ProjectVersionArn", job.project_version_arn)
        labels = [
            self._put({**label_item(job, label, version, timestamp), **expires})
            for label in summarize(labels_of(outcome))
        ]
        told = {**self.objects.spared(job, outcome), "Timestamp": timestamp}
        if version is not None:
            told["ProjectVersionArn"] = version
        counting = self.starts.counting(job.start_job_id, job, outcome["Status"], expires) if job.start_job_id else []
        try:
            # The weakest labels, where one transaction does not hold them all.
            room = MAX_ACTIONS - 1 - len(counting)
            self._stage(job, labels[room:], labels[:room], holder)
            self._commit([self._final(job, {**told, **expires}, holder), *labels[:room]], counting)
        except RefusedError as error:
            return self._standing(job.id, error.refused[0])
        return replace(
            job,
            status=JobStatus(outcome["Status"]),
            job_tag=outcome.get("JobTag", job.job_tag),
            project_version_arn=version,
            staged=False,
            unnotified=True,
            outcome={**identity(job), **told},
        )

    def mark_notified(self, job: Job) -> None:
        """Note that a publish has told of the job."""
        self.dynamodb.update_item(
            TableName=self.name,
            Key=to_item(job_key(job.id)),
            UpdateExpression="REMOVE Unnotified",
            ConditionExpression="attribute_exists(PK)",
        )

    def note_review(self, job_id: str, review: Mapping[str, Any]) -> Job | None:
        """Write how people reviewed a final job's image, and that it has to be told of again.

        Returns the job as it now stands, with the review that was written first; None where there is no such job any
        more. Raises JobOpenError where it is not final yet.
        """
        final = {":succeeded": JobStatus.SUCCEEDED.value, ":failed": JobStatus.FAILED.value}
        try:
            answer = self.dynamodb.update_item(
                TableName=self.name,
                Key=to_item(job_key(job_id)),
                UpdateExpression="SET Review = :review, Unnotified = #Project",
                ConditionExpression="attribute_not_exists(Review) AND (#Status = :succeeded OR #Status = :failed)",
                ExpressionAttributeNames={"#Status": "Status", "#Project": "Project"},
                ExpressionAttributeValues=to_item(final | {":review": review}),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            standing = _item_of(error)
            if not standing:
                return None
            if "Review" not in standing:
                raise JobOpenError(f"job {job_id} is not final yet") from error
            # It comes again because a delivery died, perhaps before it told.
            return replace(job_of(standing), unnotified=True)
        return job_of(from_item(answer["Attributes"]))

    def _put_new(self, job: Job, lease: Mapping[str, Any]) -> dict[str, Any] | None:
        """Write a new job; return None, or the item that stands there already."""
        try:
            self.dynamodb.put_item(
                TableName=self.name,
                Item=to_item({**open_item(job), **lease}),
                ConditionExpression="attribute_not_exists(PK)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return _item_of(error)
        return None

    def _take(self, standing: Mapping[str, Any], lease: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Take the lease of a job that stands so; return whether it was taken, and the item as it is now."""
        ran_out = standing.get("LeaseHolder", lease["LeaseHolder"]) != lease["LeaseHolder"]
        seen = {f":seen_{name}": standing[name] for name in LEASE if name in standing}
        unchanged = [
            f"{name} = :seen_{name}" if name in standing else f"attribute_not_exists({name})" for name in LEASE
        ]
        values = {f":{name}": value for name, value in lease.items()} | seen | {":crashed": int(ran_out)}
        try:
            answer = self.dynamodb.update_item(
                TableName=self.name,
                Key=to_item({"PK": standing["PK"], "SK": standing["SK"]}),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in LEASE) + " ADD Crashes :crashed",
                ConditionExpression=" AND ".join(["#Status = :open", *unchanged]),
                ExpressionAttributeNames={"#Status": "Status"},
                ExpressionAttributeValues=to_item(values | {":open": JobStatus.IN_PROGRESS.value}),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return False, _item_of(error)
        return True, from_item(answer["Attributes"])

    def _remove(self, job: Job, names: Sequence[str], holder: str) -> None:
        try:
            self.dynamodb.update_item(
                TableName=self.name,
                Key=to_item(job_key(job.id)),
                UpdateExpression=f"REMOVE {', '.join(names)}",
                **_while_held(holder, {}),
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def _stage(
        self, job: Job, weakest: Sequence[Mapping[str, Any]], strongest: Sequence[Mapping[str, Any]], holder: str
    ) -> None:
        """Write label items before the commit, and remove those that a delivery that died has left.

        Each transaction holds on to the lease, so that nobody who has lost it writes behind the winner's back, and
        notes on the job that label items may be left over from now on.
        """
        actions = [*self._leftovers(job, [*weakest, *strongest]), *weakest] if job.staged else list(weakest)
        mark = self._job_update(job.id, "SET Staged = :true", holder, {":true": True})
        for start in range(0, len(actions), MAX_ACTIONS - 1):
            self.transactions.write([mark, *actions[start : start + MAX_ACTIONS - 1]])

    def _leftovers(self, job: Job, puts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        wanted = {put["Put"]["Item"]["SK"]["S"] for put in puts}
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="PK = :job AND begins_with(SK, :label)",
            ExpressionAttributeValues=to_item({":job": f"JOB#{job.id}", ":label": LABEL}),
            ConsistentRead=True,
        )
        return [
            {"Delete": {"TableName": self.name, "Key": {"PK": item["PK"], "SK": item["SK"]}}}
            for page in pages
            for item in page["Items"]
            if item["SK"]["S"] not in wanted
        ]

    def _commit(self, actions: list[Mapping[str, Any]], counting: Sequence[Mapping[str, Any]]) -> None:
        try:
            self.transactions.write([*actions, *counting])
        except RefusedError as error:
            if 0 in error.refused:
                raise
            # The start job has expired, or it counts the image already: the image has its result all the same.
            self.transactions.write(actions)

    def _final(self, job: Job, values: Mapping[str, Any], holder: str) -> dict[str, Any]:
        said = {
            **values,
            "ProjectStatus": project_status(job.project, values["Status"]),
            "Unnotified": job.project,
        }
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in said) + f" REMOVE {', '.join(LEASE)}, Staged"
        return self._job_update(
            job.id,
            change,
            holder,
            {f":{name}": value for name, value in said.items()},
            {f"#{name}": name for name in said},
        )

    def _job_update(
        self,
        job_id: str,
        change: str,
        holder: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the action that changes a held job and, where it is not held any more, says how it stands."""
        return {
            "Update": {
                "TableName": self.name,
                "Key": to_item(job_key(job_id)),
                "UpdateExpression": change,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **_while_held(holder, values, names),
            }
        }

    def _put(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self.name, "Item": to_item(item)}}

    def _standing(self, job_id: str, item: Mapping[str, Any]) -> Job:
        """Return the final job that a refused write ran into."""
        if not item:
            raise ResultsBusyError(f"job {job_id} vanished while it was written")
        job = job_of(item)
        if job.status is JobStatus.IN_PROGRESS:
            raise ResultsBusyError(f"another delivery has taken job {job_id} over")
        return job


def _while_held(holder: str, values: Mapping[str, Any], names: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "ConditionExpression": "#Status = :open AND LeaseHolder = :holder",
        "ExpressionAttributeNames": {"#Status": "Status", **(names or {})},
        "ExpressionAttributeValues": to_item({":open": JobStatus.IN_PROGRESS.value, ":holder": holder, **values}),
    }


def _item_of(refused: ClientError) -> dict[str, Any]:
    """Return the item that a refused conditional write ran into; {} where it has just expired."""
    if error_code(refused) != "ConditionalCheckFailedException":
        raise refused
    return from_item(refused.response.get("Item", {}))
