import json

import pytest

import cli.rerun
from cli.__main__ import main
from lambdas.images import ImageRef
from lambdas.items import from_item
from tests.unit.cli.jobs import asked, write_job
from tests.unit.cli.services import Clock

BUCKET = "demo-ImagesBucket"
QUEUE = "https://sqs.test/digits"


class Worker(Clock):
    """A clock on which detect_labels works while others sleep."""

    def __init__(self, queue, dynamodb, table):
        super().__init__()
        self.queue, self.dynamodb, self.table = queue, dynamodb, table
        self.answers = {}  # labels by key; None: FAILED
        self.arn = None  # that looks, instead of the one asked for
        self.idle = False
        self.leases = []

    def sleep(self, seconds):
        super().sleep(seconds)
        self.leases.append(
            [from_item(item) for (_, sort), item in self.table.items.items() if sort.startswith("LEASE#")]
        )
        if self.idle:
            return
        for message in self.queue.messages.pop(QUEUE, []):
            said = asked(message.body)
            image = ImageRef(BUCKET, said["key"], said["version"])
            labels = self.answers.get(said["key"], {"one": 90.0})
            write_job(self.dynamodb, image, labels, version_arn=self.arn or said["arn"], run=said["run"], now=self.now)


@pytest.fixture
def worker(queue, clients, table, monkeypatch):
    worker = Worker(queue, clients("dynamodb"), table)
    monkeypatch.setattr(cli.rerun, "time", worker)
    return worker


@pytest.fixture
def customlabels(clients, capsys, worker):
    def run(*arguments):
        code = main(["rerun", "digits", "--prefix", "digits/", "--run", "monday", *arguments], clients)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def running(models, activate):
    """Two versions that run; v1 is the active one. Return their ARNs."""
    arns = models.add("demo.digits", "v1", "RUNNING"), models.add("demo.digits", "v2", "RUNNING")
    activate("digits", "v1")
    return arns


def image(name):
    return ImageRef(BUCKET, f"digits/{name}", "v1")


def test_a_rerun_with_another_version_says_what_changed_against_the_earlier_results(
    customlabels, buckets, clients, running, worker
):
    for name, before in {"a.png": {"one": 90.0}, "b.png": {"one": 90.0}, "c.png": None}.items():
        buckets.add(BUCKET, f"digits/{name}")
        write_job(clients("dynamodb"), image(name), before, version_arn=running[0], now=500.0)
    buckets.add(BUCKET, "digits/new.png")
    worker.answers["digits/b.png"] = {"two": 70.0}
    code, out, err = customlabels("--version", "v2")
    assert code == 0
    assert "4 images to look at with v2" in err
    assert [line.split() for line in out.splitlines()] == [
        ["4", "images:", "2", "changed,", "0", "FAILED,", "1", "had", "no", "earlier", "result"],
        [],
        ["LABEL", "BEFORE", "AFTER", "GAINED", "LOST", "MEAN", "SHIFT"],
        ["one", "2", "1", "0", "1", "+0.0"],
        ["two", "0", "1", "1", "0", "-"],
        [],
        ["IMAGE", "CHANGE"],
        ["digits/b.png", "+two", "70.0,", "-one", "90.0"],
        ["digits/c.png", "FAILED", "before,", "SUCCEEDED", "now"],
    ]


def test_json_has_every_image_with_both_jobs(customlabels, buckets, clients, running):
    buckets.add(BUCKET, "digits/a.png")
    earlier = write_job(clients("dynamodb"), image("a.png"), {"one": 80.0}, version_arn=running[0], now=500.0)
    code, out, _ = customlabels("--version", "v2", "--json")
    said = json.loads(out)
    assert code == 0
    assert (said["Images"], said["ProjectVersionArn"], said["Run"]) == (1, running[1], "monday")
    (change,) = said["Changes"]
    assert change["EarlierJob"]["JobId"] == earlier
    assert change["Job"]["Run"] == "monday"
    assert change["Job"]["JobId"] != earlier
    assert change["Shifts"] == {"one": [80.0, 90.0]}


def test_without_a_version_the_active_one_looks(customlabels, buckets, running, worker):
    buckets.add(BUCKET, "digits/a.png")
    assert json.loads(customlabels("--json")[1])["ProjectVersionArn"] == running[0]


def test_the_earlier_result_is_the_newest_of_the_same_version_of_the_image(customlabels, buckets, clients, running):
    dynamodb = clients("dynamodb")
    buckets.add(BUCKET, "digits/a.png")
    write_job(dynamodb, image("a.png"), {"old": 90.0}, now=400.0)
    newest = write_job(dynamodb, image("a.png"), {"one": 90.0}, run="sunday", now=500.0)
    write_job(dynamodb, ImageRef(BUCKET, "digits/a.png", "v0"), {"other": 90.0}, now=600.0)
    write_job(dynamodb, image("a.png"), {"project": 90.0}, project="scenes", now=700.0)
    write_job(dynamodb, image("a.png"), {"later": 90.0}, run="tuesday", now=9_000_000.0)
    (change,) = json.loads(customlabels("--json")[1])["Changes"]
    assert change["EarlierJob"]["JobId"] == newest


def test_the_same_command_again_asks_for_nothing_that_is_done(customlabels, buckets, running, queue):
    buckets.add(BUCKET, "digits/a.png")
    customlabels()
    buckets.add(BUCKET, "digits/b.png")
    queue.calls.clear()
    assert json.loads(customlabels("--json")[1])["Images"] == 2
    assert queue.calls.count("send 1") == 1


def test_a_run_that_another_version_made_is_not_taken_for_this_one(customlabels, buckets, running):
    buckets.add(BUCKET, "digits/a.png")
    customlabels("--version", "v2")
    code, _, err = customlabels("--version", "v1")
    assert code == 1
    assert "name another run" in err


def is_expired(table, now):
    """Tell whether the one lease of the table is over: it names the version still, so that the guard stops it."""
    (lease,) = [from_item(item) for (_, sort), item in table.items.items() if sort.startswith("LEASE#")]
    return lease["VersionName"] == "v2" and lease["ExpiresAt"] <= now


def test_a_version_that_is_not_active_is_leased_until_the_end_and_no_longer(
    customlabels, buckets, running, worker, table
):
    buckets.add(BUCKET, "digits/a.png")
    customlabels("--version", "v2")
    (lease,) = worker.leases[0]
    assert lease["VersionName"] == "v2"
    assert lease["ExpiresAt"] > worker.now
    assert is_expired(table, worker.now)


def test_the_active_version_needs_no_lease(customlabels, buckets, running, worker):
    buckets.add(BUCKET, "digits/a.png")
    customlabels()
    assert worker.leases[0] == []


def test_a_version_that_starts_is_waited_for(customlabels, buckets, models, activate, worker, queue):
    models.add("demo.digits", "v2", "STARTING", "STARTING", "STARTING", "RUNNING")
    models.add("demo.digits", "v1", "RUNNING")
    activate("digits", "v1")
    buckets.add(BUCKET, "digits/a.png")
    code, _, err = customlabels("--version", "v2")
    assert code == 0
    assert "v2 is STARTING" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--version", "v3"], "v3 is STOPPED, not RUNNING"),
        (["--version", "v9"], "no version 'v9'"),
        (["--bucket", "other"], "source_buckets"),
        (["--prefix", "scenes/"], "under digits/"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_before_anything_is_asked(
    customlabels, models, running, queue, buckets, arguments, said
):
    models.add("demo.digits", "v3", "STOPPED")
    buckets.add(BUCKET, "digits/a.png")
    code, _, err = customlabels(*arguments)
    assert code == 1
    assert said in err
    assert queue.bodies(QUEUE) == []


def test_a_closed_queue_is_told_and_what_opens_it(customlabels, running, event_sources):
    event_sources.state = "Disabled"
    code, _, err = customlabels()
    assert code == 1
    assert "customlabels start digits" in err


def test_images_that_get_no_result_end_it_with_a_way_on_and_the_lease_is_ended(
    customlabels, buckets, running, worker, table
):
    buckets.add(BUCKET, "digits/a.png")
    worker.idle = True
    code, _, err = customlabels("--version", "v2")
    assert code == 1
    assert "1 images have had no result for 1200 s" in err
    assert "redrive digits --dry-run" in err
    assert is_expired(table, worker.now)


def test_a_prefix_without_images_is_nothing_to_do(customlabels, running):
    assert customlabels()[:2] == (0, "0 images: 0 changed, 0 FAILED, 0 had no earlier result\n")


@pytest.mark.parametrize("run", ["", "a b", "x" * 65])
def test_a_run_has_a_plain_name(customlabels, run):
    with pytest.raises(SystemExit) as ended:
        customlabels("--run", run)
    assert ended.value.code == 2
