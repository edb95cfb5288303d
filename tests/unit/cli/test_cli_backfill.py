import itertools
import json

import pytest

from cli.__main__ import main
from cli.backfill import Backfill
from cli.checkpoint import checkpoint
from cli.sources import Manifest, Prefix
from lambdas.events import object_created
from lambdas.images import ImageRef, job_id
from tests.unit.aws import Refusal
from tests.unit.cli.jobs import asked, write_job

BUCKET = "demo-ImagesBucket"
QUEUE = "https://sqs.test/digits"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "customlabels"


@pytest.fixture
def customlabels(clients, capsys):
    def run(*arguments):
        code = main(["backfill", "digits", *map(str, arguments)], clients)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def keys(queue):
    return [asked(body)["key"] for body in queue.bodies(QUEUE)]


def stored(buckets, count, bucket=BUCKET):
    names = [f"digits/{number:04}.png" for number in range(count)]
    for name in names:
        buckets.add(bucket, name, size=9)
    return names


def test_each_image_of_a_prefix_is_asked_for_once_with_its_version_and_size(customlabels, buckets, queue):
    names = stored(buckets, 25)
    code, out, _ = customlabels("--prefix", "digits/")
    assert (code, out) == (0, "25 queued, 0 have results, 0 skipped\n")
    assert sorted(keys(queue)) == names
    assert asked(queue.bodies(QUEUE)[0]) | {"key": ""} == {
        "key": "",
        "version": "v1",
        "size": 9,
        "project": "digits",
        "run": None,
        "arn": None,
    }
    assert sorted(queue.calls) == ["send 10", "send 10", "send 5"]


def test_a_request_is_the_job_of_the_upload(customlabels, buckets, queue):
    buckets.add(BUCKET, "digits/a.png", "v3")
    customlabels("--prefix", "digits/")
    arrival = object_created(queue.bodies(QUEUE)[0])
    uploaded = job_id(ImageRef(BUCKET, "digits/a.png", "v3"), "digits")
    assert job_id(arrival.object, arrival.request.project, arrival.request.run) == uploaded


def test_images_that_have_a_result_are_left_out_and_counted(customlabels, buckets, queue, clients):
    names = stored(buckets, 5)
    write_job(clients("dynamodb"), ImageRef(BUCKET, names[1], "v1"), {"one": 90.0})
    write_job(clients("dynamodb"), ImageRef(BUCKET, names[3], "v1"), None)
    code, out, _ = customlabels("--prefix", "digits/", "--json")
    assert code == 0
    assert json.loads(out) == {"Queued": 3, "HaveResults": 2, "Skipped": 0, "Failed": []}
    assert sorted(keys(queue)) == [names[0], names[2], names[4]]


def test_an_image_that_is_in_progress_is_asked_for_since_its_message_may_be_lost(customlabels, buckets, queue, table):
    (name,) = stored(buckets, 1)
    id_ = job_id(ImageRef(BUCKET, name, "v1"), "digits")
    table.items[f"JOB#{id_}", "JOB"] = {
        "PK": {"S": f"JOB#{id_}"},
        "SK": {"S": "JOB"},
        "JobId": {"S": id_},
        "Status": {"S": "IN_PROGRESS"},
    }
    customlabels("--prefix", "digits/")
    assert keys(queue) == [name]


def test_a_dry_run_counts_and_sends_and_remembers_nothing(customlabels, buckets, queue, cache):
    stored(buckets, 12)
    buckets.add(BUCKET, "digits/folder/", size=0)
    code, out, _ = customlabels("--prefix", "digits/", "--dry-run")
    assert (code, out) == (0, "12 would be queued, 0 have results, 1 skipped\n")
    assert queue.bodies(QUEUE) == []
    assert not cache.exists()


def test_an_image_that_sqs_goes_on_failing_is_reported_by_its_key_and_can_be_tried_again(
    customlabels, buckets, queue, monkeypatch, tmp_path
):
    monkeypatch.setattr("lambdas.sending._FIRST_PAUSE", 0)
    names = stored(buckets, 3)
    queue.fail_entries[names[1]] = [False] * 5
    code, out, _ = customlabels("--prefix", "digits/", "--json")
    said = json.loads(out)
    assert (code, said["Queued"]) == (1, 2)
    assert [(one["key"], one["error"]) for one in said["Failed"]] == [(names[1], "Odd: said")]
    again = tmp_path / "again.jsonl"
    again.write_text("\n".join(json.dumps(one) for one in said["Failed"]), encoding="utf-8")
    assert customlabels("--manifest", again)[0] == 0
    assert sorted(keys(queue)) == names


def test_failures_are_printed_by_key(customlabels, buckets, queue):
    (name,) = stored(buckets, 1)
    queue.fail_entries[name] = [True]
    code, out, _ = customlabels("--prefix", "digits/")
    assert code == 1
    assert f"s3://{BUCKET}/{name}: Odd: said" in out


def test_what_was_interrupted_is_resumed_where_it_was_and_nothing_is_left_out(
    customlabels, buckets, queue, clients, monkeypatch, cache
):
    monkeypatch.setattr("cli.commands.backfill.PAGE", 4)
    names = stored(buckets, 10)
    interrupt_after(clients("sqs"), 1, monkeypatch)
    code, _, err = customlabels("--prefix", "digits/")
    assert code == 130
    assert "--resume goes on" in err
    assert sorted(keys(queue)) == names[:4]
    code, out, err = customlabels("--prefix", "digits/", "--resume")
    assert code == 0
    assert "resuming after" in err
    assert names[3] in err
    assert out == "10 queued, 0 have results, 0 skipped\n"  # of both parts together
    assert sorted(keys(queue)) == names
    assert list(cache.iterdir()) == []


def interrupt_after(sqs, calls, monkeypatch):
    """Press Ctrl-C once, at the call after so many."""
    send, left = sqs.send_message_batch, [calls]

    def interrupted(**said):
        left[0] -= 1
        if left[0] == -1:
            raise KeyboardInterrupt
        return send(**said)

    monkeypatch.setattr(sqs, "send_message_batch", interrupted)


def test_a_refused_call_ends_it_and_says_how_to_go_on(customlabels, buckets, queue, monkeypatch):
    monkeypatch.setattr("cli.commands.backfill.PAGE", 4)
    names = stored(buckets, 8)
    queue.refusals["send_message_batch"] = []
    assert customlabels("--prefix", "digits/", "--dry-run")[0] == 0
    queue.refusals["send_message_batch"] = [Refusal("AccessDenied", 403, "no grant")]
    code, _, err = customlabels("--prefix", "digits/")
    assert code == 1
    assert "no grant" in err
    assert "--resume" not in err  # nothing was done yet
    assert customlabels("--prefix", "digits/")[0] == 0
    assert sorted(keys(queue)) == names


def test_nothing_to_resume_is_said(customlabels, buckets):
    stored(buckets, 1)
    code, _, err = customlabels("--prefix", "digits/", "--resume")
    assert code == 1
    assert "no interrupted backfill" in err


def test_a_backfill_that_begins_anew_forgets_where_an_older_one_was(customlabels, buckets, clients, monkeypatch):
    monkeypatch.setattr("cli.commands.backfill.PAGE", 4)
    stored(buckets, 10)
    interrupt_after(clients("sqs"), 1, monkeypatch)
    customlabels("--prefix", "digits/")
    interrupt_after(clients("sqs"), 0, monkeypatch)
    assert customlabels("--prefix", "digits/")[0] == 130
    assert "no interrupted backfill" in customlabels("--prefix", "digits/", "--resume")[2]


def test_what_is_resumed_is_the_same_prefix(customlabels, buckets, clients, monkeypatch):
    monkeypatch.setattr("cli.commands.backfill.PAGE", 4)
    stored(buckets, 10)
    interrupt_after(clients("sqs"), 1, monkeypatch)
    customlabels("--prefix", "digits/")
    assert customlabels("--prefix", "digits/0", "--resume")[0] == 1


def test_a_manifest_names_each_image_once_however_often_it_is_listed(customlabels, buckets, queue, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(f"{BUCKET},digits/a.png,v1\n" * 3 + f"{BUCKET},digits/b.png,v1\n", encoding="utf-8")
    assert customlabels("--manifest", file)[1] == "2 queued, 0 have results, 2 skipped\n"
    assert sorted(keys(queue)) == ["digits/a.png", "digits/b.png"]


def test_an_image_of_another_bucket_in_a_manifest_fails_alone_and_the_setting_is_named(
    customlabels, buckets, queue, tmp_path
):
    file = tmp_path / "list.csv"
    file.write_text(f"{BUCKET},digits/a.png,v1\nother,b.png,v1\n{BUCKET},scenes/c.png,v1\n", encoding="utf-8")
    code, out, _ = customlabels("--manifest", file)
    assert code == 1
    assert keys(queue) == ["digits/a.png"]
    assert "s3://other/b.png: bucket other is not among the source_buckets of project digits" in out
    assert "are under digits/" in out


def test_another_bucket_must_be_among_the_source_buckets(customlabels, buckets, queue, stacks):
    buckets.add("other", "shelf/a.png")
    code, _, err = customlabels("--bucket", "other", "--prefix", "shelf/")
    assert code == 1
    assert "source_buckets of project digits (it has none)" in err
    stacks.outputs["CustomLabels-demo-project-digits"]["SourceBuckets"] = "archive other"
    assert customlabels("--bucket", "other", "--prefix", "shelf/")[0] == 0
    assert keys(queue) == ["shelf/a.png"]


def test_in_the_images_bucket_a_project_has_its_own_folder_only(customlabels, buckets, queue):
    buckets.add(BUCKET, "scenes/a.png")
    for prefix in ("scenes/", "", "digits"):
        code, _, err = customlabels("--prefix", prefix)
        assert code == 1
        assert "are under digits/" in err
    assert queue.bodies(QUEUE) == []


def test_progress_says_count_rate_and_time_to_go_where_the_total_is_known(buckets, clients, tmp_path):
    names = stored(buckets, 8)
    file = tmp_path / "list.csv"
    file.write_text("".join(f"{BUCKET},{name},v1\n" for name in names), encoding="utf-8")
    s3 = clients("s3")
    assert said_of(Prefix(s3, BUCKET, "digits/", 4), tmp_path)[0] == "4 looked at, 4 queued, 0 failed, 1/s"
    assert said_of(Manifest(s3, file, 4), tmp_path)[0] == "4 looked at, 4 queued, 0 failed, 1/s, 3 s to go"


def said_of(source, folder):
    """Return what a backfill says, on a clock that goes three seconds at each look."""
    said, ticks = [], itertools.count(step=3.0)
    Backfill(
        project="digits",
        may_read=lambda bucket, key: None,
        have_results=lambda ids: frozenset(),
        send=lambda bodies: {},
        checkpoint=checkpoint(folder, "backfill"),
        say=said.append,
        clock=lambda: next(ticks),
    ).run(source)
    return said


@pytest.mark.parametrize(
    "arguments", [[], ["--prefix", "digits/", "--manifest", "f"], ["--manifest", "f", "--bucket", "b"]]
)
def test_a_prefix_or_a_manifest_is_needed_and_not_both(customlabels, arguments):
    with pytest.raises(SystemExit) as ended:
        customlabels(*arguments)
    assert ended.value.code == 2
