"""Work in the background, and what a reset leaves of it."""

from __future__ import annotations

import threading
import time

import pytest
from rekognition_bench import DURATIONS, Bench, MemoryObjects, put_drawings, shapes_data

from local.rekognition.workers import AbandonedError, Workers


def until(look) -> None:
    patience = time.monotonic() + 30
    while not look():
        assert time.monotonic() < patience
        time.sleep(0.01)


class Held(MemoryObjects):
    """Objects that are read once they are released."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()
        self.release.set()
        self.waiting = self.reads = 0
        self.reader: threading.Thread

    def read(self, bucket, key, version=None):
        self.reader = threading.current_thread()
        if not self.release.is_set():
            self.waiting += 1
            self.release.wait(30)
            self.waiting -= 1
        self.reads += 1
        return super().read(bucket, key, version)


def test_a_training_after_a_reset_does_not_wait_for_those_before():
    objects = Held()
    bench = Bench(objects=objects)
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    data = shapes_data(bench)
    held = objects.release = threading.Event()
    for name in "abcd":
        bench.create_version(project, name, **data)
    until(lambda: objects.waiting == 2)  # all threads wait
    bench.service.reset()
    objects.release = threading.Event()
    objects.release.set()
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    assert bench.trained(bench.create_version(project, **data))["Status"] == "TRAINING_COMPLETED"
    assert objects.waiting == 2
    held.set()


def test_a_dataset_after_a_reset_is_read_without_waiting_for_those_before():
    objects = Held()
    bench = Bench(objects=objects)
    source = bench.put_manifest("a.manifest", put_drawings(bench, "all", 4))["Assets"][0]

    def create(name: str) -> str:
        project = bench.call("CreateProject", ProjectName=name)["ProjectArn"]
        request = {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": source}
        return bench.call("CreateDataset", **request)["DatasetArn"]

    held = objects.release = threading.Event()
    for name in "abc":
        create(name)
    until(lambda: objects.waiting == 2)  # all threads wait
    bench.service.reset()
    objects.release = threading.Event()
    objects.release.set()
    dataset = create("a")
    bench.clock.pass_(DURATIONS.dataset)
    until(lambda: bench.dataset(dataset)["Status"] == "CREATE_COMPLETE")
    assert objects.waiting == 2
    held.set()


def test_a_training_before_a_reset_reads_nothing_more():
    objects = Held()
    bench = Bench(objects=objects)
    project = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    data = shapes_data(bench)
    objects.release = threading.Event()
    bench.create_version(project, **data)
    until(lambda: objects.waiting == 1)
    bench.service.reset()
    objects.release.set()
    objects.reader.join(30)
    assert not objects.reader.is_alive()
    assert objects.reads == 1  # the one that was under way


def test_abandoned_work_ends_at_its_next_check_and_nobody_hears_of_it():
    workers, begun, go = Workers(1, "test"), threading.Event(), threading.Event()
    ended, raised = [], []

    def work(check):
        begun.set()
        assert go.wait(10)
        try:
            check()
        except AbandonedError as error:
            raised.append(error)
            raise

    workers.begin(work, ended.append)
    workers.begin(lambda check: None, ended.append)  # it waits for the thread
    assert begun.wait(10)
    workers.abandon()
    go.set()
    until(lambda: raised)
    workers.begin(lambda check: check(), ended.append)
    until(lambda: ended)
    workers.close()
    assert [done.exception() for done in ended] == [None]


def test_closing_waits_for_what_has_begun_and_drops_the_rest():
    workers, begun, go = Workers(1, "test"), threading.Event(), threading.Event()
    ended = []

    def work(check):
        begun.set()
        assert go.wait(10)

    workers.begin(work, ended.append)
    workers.begin(lambda check: pytest.fail("it waits for the thread"), ended.append)
    assert begun.wait(10)
    threading.Timer(0.05, go.set).start()
    workers.close()
    assert len(ended) == 1
