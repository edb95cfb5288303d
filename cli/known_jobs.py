"""Reads many jobs of the results table by their ids."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from lambdas.items import from_item, to_item
from lambdas.jobs import JobStatus
from lambdas.result_items import job_key

_BATCH: Final = 100  # keys that one BatchGetItem takes


def final_jobs(dynamodb: Any, table: str, ids: Sequence[str]) -> dict[str, JobStatus]:
    """Return those of the jobs that have a result, with their status; a moment old at most."""
    statuses = {item["JobId"]: JobStatus(item["Status"]) for item in _items(dynamodb, table, ids)}
    return {id_: status for id_, status in statuses.items() if status is not JobStatus.IN_PROGRESS}


def _items(dynamodb: Any, table: str, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(ids), _BATCH):
        wanted = [to_item(job_key(id_)) for id_ in ids[start : start + _BATCH]]
        while wanted:
            said = {"Keys": wanted, "ProjectionExpression": "JobId, #s", "ExpressionAttributeNames": {"#s": "Status"}}
            answer = dynamodb.batch_get_item(RequestItems={table: said})
            yield from map(from_item, answer["Responses"].get(table, []))
            wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
