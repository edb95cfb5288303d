"""Say in which status a dataset is: what was asked of it, when, and what will come of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from local.rekognition.failures import SERVICE_ISSUE
from local.rekognition.lines import Line
from local.rekognition.orders import Location

Ahead = tuple[Line, ...] | str  # new lines, or why there are none


class DatasetType(StrEnum):
    """What a dataset is for; a project has at most one of each."""

    TRAIN = "TRAIN"
    TEST = "TEST"


class DatasetStatus(StrEnum):
    """The statuses of a dataset; each says only how the last operation went."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


IN_PROGRESS = {
    DatasetStatus.CREATE_IN_PROGRESS,
    DatasetStatus.UPDATE_IN_PROGRESS,
    DatasetStatus.DELETE_IN_PROGRESS,
}
# What can be copied, distributed and trained with.
USABLE = {DatasetStatus.CREATE_COMPLETE, DatasetStatus.UPDATE_COMPLETE, DatasetStatus.UPDATE_FAILED}

# Status, message and message code after the operation: when all went well, and when it failed.
_DONE = {
    DatasetStatus.CREATE_IN_PROGRESS: (DatasetStatus.CREATE_COMPLETE, "The dataset was created."),
    DatasetStatus.UPDATE_IN_PROGRESS: (DatasetStatus.UPDATE_COMPLETE, "The dataset was updated."),
}
_FAILED = {
    DatasetStatus.CREATE_IN_PROGRESS: DatasetStatus.CREATE_FAILED,
    DatasetStatus.UPDATE_IN_PROGRESS: DatasetStatus.UPDATE_FAILED,
}


@dataclass(frozen=True)
class Dataset:
    """A dataset; all times are epoch seconds, `since` is when it came into its status.

    `ahead` is what the running operation will end in: the new lines, or the message of the failure that leaves the
    old ones. While the manifest at `source` is read it is None; `ready` is when that was over.
    """

    arn: str
    project_arn: str
    type: DatasetType
    created: float
    status: DatasetStatus
    since: float
    updated: float
    message: str
    lines: tuple[Line, ...] = field(default=(), repr=False)
    ahead: Ahead | None = field(default=(), repr=False)
    source: Location | None = None
    ready: float | None = None

    @property
    def message_code(self) -> str | None:
        """Return the StatusMessageCode; there is none while something goes on."""
        if self.status in IN_PROGRESS:
            return None
        if self.status in _FAILED.values():
            return "SERVICE_ERROR" if self.message == SERVICE_ISSUE else "CLIENT_ERROR"
        return "SUCCESS"


def read(dataset: Dataset, ahead: Ahead, now: float) -> Dataset:
    """Return the dataset as it is when its manifest has been read."""
    return replace(dataset, ahead=ahead, ready=now)


def changing(dataset: Dataset, ahead: Ahead, now: float) -> Dataset:
    """Return the dataset as it is while it is updated."""
    message = "The dataset is being updated."
    return replace(dataset, status=DatasetStatus.UPDATE_IN_PROGRESS, since=now, message=message, ahead=ahead)


def deleting(dataset: Dataset, now: float) -> Dataset:
    """Return the dataset as it is while it is deleted."""
    message = "The dataset is being deleted."
    return replace(dataset, status=DatasetStatus.DELETE_IN_PROGRESS, since=now, message=message)


def settled_dataset(dataset: Dataset, now: float, seconds: float) -> Dataset:
    """Return the dataset in the status that it has reached by now, when each operation takes so many seconds."""
    # Both the pretended and the real work must be over.
    done = max(dataset.since + seconds, dataset.ready or 0.0)
    if dataset.status not in _DONE or dataset.ahead is None or now < done:
        return dataset
    if isinstance(dataset.ahead, str):
        status = _FAILED[dataset.status]
        return replace(dataset, status=status, since=done, message=str(dataset.ahead), ahead=())
    status, message = _DONE[dataset.status]
    return replace(dataset, status=status, since=done, updated=done, message=message, lines=dataset.ahead, ahead=())


def is_deleted(dataset: Dataset, now: float, seconds: float) -> bool:
    """Tell whether a deletion that was asked for is over."""
    return dataset.status is DatasetStatus.DELETE_IN_PROGRESS and now >= dataset.since + seconds
