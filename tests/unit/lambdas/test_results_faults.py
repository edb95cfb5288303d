"""Whatever dies or overtakes at whichever call: one final result, its own label items, one count, one notification."""

import json
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from lambdas.images import ImageRef, job_id
from lambdas.items import from_item
from lambdas.jobs import Job, JobStatus, Source, succeeded
from lambdas.label_objects import LabelObjects
from lambdas.labels import confidences
from lambdas.notifications import completion, publish, start_completion
from lambdas.queries import Queries
from lambdas.results import ResultsBusyError, ResultsTable
from lambdas.start_jobs import StartJob
from tests.unit.aws import client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.faults import Killed, Watch, kill
from tests.unit.lambdas.services import Topic
from tests.unit.objects import Objects

IMAGE = ImageRef("images", "digits/a.png", "v1")


class Switch:
    """The service as the delivery that runs now sees it; one client serves all, because to make one takes long."""

    target = None

    def __getattr__(self, operation):
        return getattr(self.target, operation)


S3, DYNAMODB, SNS = Switch(), Switch(), Switch()
S3_CLIENT, DYNAMODB_CLIENT, SNS_CLIENT = client_of("s3", S3), client_of("dynamodb", DYNAMODB), client_of("sns", SNS)
RESULTS = ResultsTable(DYNAMODB_CLIENT, "results", LabelObjects(S3_CLIENT, "objects"), lambda _: None)

JOB = job_id(IMAGE, "digits")
START = "5" * 32
LEASE = 90


def labels_of(delivery, count, note):
    """Return what the model says to one delivery: other labels than it says to the next."""
    return [
        {"Name": f"label {number + 7 * delivery:04}", "Confidence": 90.0 - number / 10, "Note": note * 10}
        for number in range(count)
    ]


@dataclass
class World:
    """What lives on when a delivery dies."""

    count: int  # labels of the image
    note: str = ""  # makes them larger
    table: Table = field(default_factory=lambda: Table())
    objects: Objects = field(default_factory=Objects)
    topic: Topic = field(default_factory=Topic)
    deliveries: int = 0

    def __post_init__(self):
        self.table.page = 40
        S3.target, DYNAMODB.target, SNS.target = self.objects, self.table, self.topic
        RESULTS.starts.open(StartJob(id=START, project="digits", created_at=1), now=1)
        RESULTS.starts.set_total(START, 1, now=1)

    def deliver(self, watch=None):
        """Deliver the image's message once, after the lease of the delivery before has run out."""
        self.deliveries += 1
        before = S3.target, DYNAMODB.target, SNS.target
        if watch:
            guarded = [watch.guard(service) for service in (self.objects, self.table, self.topic)]
        else:
            guarded = [self.objects, self.table, self.topic]
        S3.target, DYNAMODB.target, SNS.target = guarded
        try:
            return self._work()
        finally:
            S3.target, DYNAMODB.target, SNS.target = before

    def _work(self):
        holder, now = f"delivery {self.deliveries}", 1000.0 + self.deliveries * (LEASE + 1)
        said = labels_of(self.deliveries, self.count, self.note)
        job = Job(
            id=JOB,
            project="digits",
            image=IMAGE,
            status=JobStatus.IN_PROGRESS,
            created_at=1,
            project_version_arn="arn:v1",
            start_job_id=START,
        )
        opened = RESULTS.open(job, holder=holder, now=now, lease_seconds=LEASE)
        job = opened.job
        if opened.held:
            outcome = succeeded(said, Source(size=1), 1)
            job = RESULTS.finish(job, outcome, holder=holder, now=now, retention_days=1)
        if job.unnotified:
            publish(SNS_CLIENT, "arn:results", completion(job))
            RESULTS.mark_notified(job)
        start = RESULTS.starts.finish_if_done(START, now)
        if start:
            publish(SNS_CLIENT, "arn:told", start_completion(start))
            RESULTS.starts.mark_notified(START)
        return opened

    def job(self):
        return Queries(DYNAMODB_CLIENT, "results").job(JOB)

    def check_consistent(self):
        """A final job has its own labels and no others, and is counted; one that is not final is not counted."""
        job = self.job()
        start = RESULTS.starts.get(START)
        children = [key for key in self.table.items if key[1].startswith("IMAGE#")]
        if job is None or job.status is JobStatus.IN_PROGRESS:
            assert (start.done, children, self.topic.published) == (0, [], [])
            return
        items = [from_item(item) for (_, sort), item in self.table.items.items() if sort.startswith("LABEL#")]
        assert {item["Label"]: item["Confidence"] for item in items} == confidences(job.outcome)
        assert len(confidences(job.outcome)) == self.count
        assert {item["Timestamp"] for item in items} <= {job.outcome["Timestamp"]} or self.count > 97
        assert (start.done, len(children)) == (1, 1)
        whole = RESULTS.objects.completed(job)
        assert confidences({"CustomLabels": whole.outcome["CustomLabels"]}) == confidences(job.outcome)

    def check_told(self):
        """The end: final, told of with the labels that the table has, the start job final too."""
        self.check_consistent()
        job = self.job()
        assert (job.status, job.unnotified) == (JobStatus.SUCCEEDED, False)
        by_topic = {"arn:results": [], "arn:told": []}
        for message in self.topic.published:
            by_topic[message["TopicArn"]].append(json.loads(message["Message"]))
        told = by_topic["arn:results"]
        assert told
        assert all(message["Confidences"] == confidences(job.outcome) for message in told)
        start = RESULTS.starts.get(START)
        assert (start.status, start.unnotified) == (JobStatus.SUCCEEDED, False)
        assert by_topic["arn:told"]
        assert all((message["Total"], message["Done"]) == (1, 1) for message in by_topic["arn:told"])


WORLDS = [
    pytest.param({"count": 2}, id="few labels"),
    pytest.param({"count": 0}, id="no labels"),
    pytest.param({"count": 230}, id="more labels than a transaction takes"),
    pytest.param({"count": 120, "note": "n" * 300}, id="labels in S3"),
]


def calls_of_a_delivery(said):
    watch = Watch(None, kill)
    World(**said).deliver(watch)
    return watch.calls


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("said", WORLDS)
def test_a_delivery_that_dies_at_any_call_is_made_good_by_the_next(said, after):
    for at in range(1, calls_of_a_delivery(said) + 1):
        world = World(**said)
        with pytest.raises(Killed):
            world.deliver(Watch(at, kill, after=after))
        world.check_consistent()
        world.deliver()
        world.check_told()


def test_deliveries_that_die_one_after_the_other_at_any_calls_are_made_good():
    said = {"count": 99}  # one transaction before the commit
    for first in range(1, calls_of_a_delivery(said) + 1):
        for second in range(1, calls_of_a_delivery(said) + 3):
            world = World(**said)
            for at in (first, second):
                try:
                    world.deliver(Watch(at, kill, after=True))
                except Killed:
                    world.check_consistent()
            world.deliver()
            world.check_told()


@pytest.mark.parametrize("said", WORLDS)
def test_a_delivery_that_was_only_slow_changes_nothing_once_another_has_taken_over(said):
    for at in range(1, calls_of_a_delivery(said) + 1):
        world = World(**said)
        # The other comes when the lease of the slow one has run out, and works to its end.
        world.deliver(Watch(at, world.deliver))
        world.check_told()


@pytest.mark.parametrize("said", WORLDS)
def test_a_delivery_that_was_slow_and_meets_one_that_dies_leaves_the_job_to_the_next(said):
    for at in range(1, calls_of_a_delivery(said) + 1):
        for other_dies_at in (2, 3, 4):
            world = World(**said)

            def other(world=world, other_dies_at=other_dies_at):
                with suppress(Killed):
                    world.deliver(Watch(other_dies_at, kill, after=True))

            with suppress(ResultsBusyError):
                world.deliver(Watch(at, other))
            world.check_consistent()
            world.deliver()
            world.check_told()


def test_a_crash_is_counted_for_each_delivery_that_died_with_the_lease():
    world = World(count=1)
    for crashes, lease_taken in ((0, 1), (1, 2), (2, 2)):
        with pytest.raises(Killed):
            world.deliver(Watch(lease_taken, kill, after=True))
        assert from_item(world.table.items[f"JOB#{JOB}", "JOB"]).get("Crashes", 0) == crashes
    assert world.deliver().crashes == 3
