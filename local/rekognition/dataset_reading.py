"""Read the manifests of new datasets, in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future

from local.rekognition.dataset_lifecycle import Ahead, Dataset, DatasetType, read
from local.rekognition.dataset_lines import created_from
from local.rekognition.failures import SERVICE_ISSUE, DataFailedError
from local.rekognition.limits import DataLimits
from local.rekognition.manifest_files import read_manifest
from local.rekognition.objects import ObjectStore, RegionalObjects
from local.rekognition.state import Caller, State
from local.rekognition.wanted_objects import WantedObjects
from local.rekognition.workers import Check, Workers

_READ_AT_ONCE = 2
_log = logging.getLogger(__name__)


class DatasetReaders:
    """The threads that read manifests, and put what they find into the state."""

    def __init__(self, state: State, objects: ObjectStore, limits: DataLimits, keep: Callable[[], None]) -> None:
        """`keep` is called after each change of the state, with its lock held."""
        self._state = state
        self._objects = objects
        self._limits = limits
        self._keep = keep
        self._readers = Workers(_READ_AT_ONCE, "dataset")

    def begin(self, dataset: Dataset) -> None:
        """Read the dataset's source; the dataset is settled by the clock once that is over."""
        self._readers.begin(lambda check: self._lines(dataset, check), lambda done: self._end(dataset, done))

    def resume(self) -> None:
        """Begin anew with all that an earlier process did not end."""
        for dataset in self._state.unread_datasets():
            self.begin(dataset)

    def abandon(self) -> None:
        """Leave all unread, and be ready for what comes."""
        self._readers.abandon()

    def close(self) -> None:
        """Wait for what is being read; what has not begun is left unread."""
        self._readers.close()

    def _lines(self, dataset: Dataset, check: Check) -> Ahead:
        assert dataset.source is not None  # it has one until it is read
        region, testing = _owner(dataset).region, dataset.type is DatasetType.TEST
        try:
            objects = WantedObjects(RegionalObjects(self._objects, region), check)
            manifest = read_manifest(dataset.source, objects, self._limits)
            return created_from(manifest, region, self._limits, testing=testing)
        except DataFailedError as error:
            return error.failure

    def _end(self, dataset: Dataset, reading: Future[Ahead]) -> None:
        error = reading.exception()
        if error is not None:
            _log.error("The reading of %s crashed.", dataset.source, exc_info=error)
        ahead = SERVICE_ISSUE if error is not None else reading.result()
        with self._state.lock:
            if self._state.knows(_owner(dataset), dataset.arn):  # not so after a reset
                # No request changes a dataset while it is created.
                self._state.put_dataset(read(dataset, ahead, self._state.now()))
                self._keep()


def _owner(dataset: Dataset) -> Caller:
    _, _, _, region, account, _ = dataset.arn.split(":", 5)
    return Caller(account, region)
