import base64
import json

import pytest

from lambdas.errors import ErrorCode
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.label_objects import LabelObjects
from lambdas.pages import InvalidTokenError
from lambdas.queries import Queries, everything
from lambdas.results import ResultsTable
from lambdas.start_jobs import StartJob
from tests.unit.aws import client_of
from tests.unit.objects import Objects

BOTH = (JobStatus.SUCCEEDED, JobStatus.FAILED)


@pytest.fixture
def queries(dynamodb):
    return Queries(dynamodb, "results")


@pytest.fixture
def add(dynamodb):
    """Write a job as a delivery does."""
    results = ResultsTable(dynamodb, "results", LabelObjects(client_of("s3", Objects()), "objects"), lambda _: None)

    def write(key, labels=(), version="v1", created_at=1, project="digits", fails=False, opens_only=False, start=None):
        image = ImageRef("images", key, version)
        job = Job(
            id=job_id(image, project),
            project=project,
            image=image,
            status=JobStatus.IN_PROGRESS,
            created_at=created_at,
            project_version_arn="arn:v1",
            start_job_id=start,
        )
        job = results.open(job, holder="h", now=1.0, lease_seconds=60).job
        if opens_only:
            return job
        said = [{"Name": name, "Confidence": confidence} for name, confidence in labels]
        source = Source(size=1)
        outcome = failed(ErrorCode.TOO_SMALL, "small", source) if fails else succeeded(said, source, 1)
        return results.finish(job, outcome, holder="h", now=2.0, retention_days=None)

    write.results = results
    return write


def pages_of(ask):
    """Return the entries of each page."""
    found, page = [], ask(None)
    while True:
        found.append(list(page.entries))
        if page.next_token is None:
            return found
        page = ask(page.next_token)


def forged(token, change):
    said = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    change(said)
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def test_a_job_is_found_by_its_id(queries, add):
    job = add("digits/a.png", [("crack", 90.5)])
    assert queries.job(job.id) == job


def test_a_job_that_nobody_opened_is_none_and_so_is_a_start_job(queries, add):
    assert queries.job("0" * 32) is None
    add.results.starts.open(StartJob(id="5" * 32, project="digits", created_at=1), now=1)
    assert queries.job("5" * 32) is None


def test_the_jobs_of_all_versions_of_an_image_are_found_the_newest_first(queries, add):
    for number in range(5):
        add("digits/a b.png", version=f"v{number}", created_at=number)
    add("digits/a b.png.png")
    jobs = everything(lambda token: queries.by_image("images", "digits/a b.png", token=token))
    assert [job.image.version for job in jobs] == ["v4", "v3", "v2", "v1", "v0"]


def test_jobs_are_found_by_status_the_newest_first(queries, add):
    for number in range(4):
        add(f"digits/{number}.png", created_at=number, opens_only=number != 2)
    add("scenes/0.png", project="scenes")
    open_ = queries.by_status("digits", [JobStatus.IN_PROGRESS], limit=2)
    assert [job.created_at for job in open_.entries] == [3, 1]
    done = queries.by_status("digits", [JobStatus.SUCCEEDED])
    assert [job.created_at for job in done.entries] == [2]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("of_dynamodb", [1, 2, 3, 100])
def test_jobs_of_several_statuses_are_merged_by_time_over_all_pages(queries, add, table, limit, of_dynamodb):
    table.page = of_dynamodb
    failing = {1, 2, 3, 7}
    for number in range(9):
        add(f"digits/{number}.png", created_at=number, fails=number in failing)
    pages = pages_of(lambda token: queries.by_status("digits", BOTH, limit=limit, token=token))
    assert [job.created_at for page in pages for job in page] == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert all(len(page) <= limit for page in pages)


def test_jobs_that_were_opened_at_the_same_time_are_each_found_once(queries, add, table):
    for number in range(7):
        add(f"digits/{number}.png", created_at=5, fails=number % 2 == 0)
    for limit in (1, 2, 3):
        found = pages_of(lambda token, limit=limit: queries.by_status("digits", BOTH, limit=limit, token=token))
        keys = [job.image.key for page in found for job in page]
        assert sorted(keys) == [f"digits/{number}.png" for number in range(7)]


def test_jobs_are_found_by_when_they_were_opened_both_ends_included(queries, add):
    for number in range(6):
        add(f"digits/{number}.png", created_at=number)
    jobs = everything(lambda token: queries.by_status("digits", since=2, until=4, token=token))
    assert [job.created_at for job in jobs] == [4, 3, 2]


def test_a_job_that_comes_between_two_pages_moves_nothing(queries, add):
    for number in range(4):
        add(f"digits/{number}.png", created_at=number)
    first = queries.by_status("digits", BOTH, limit=2)
    add("digits/new.png", created_at=9)
    second = queries.by_status("digits", BOTH, limit=2, token=first.next_token)
    assert [job.created_at for page in (first, second) for job in page.entries] == [3, 2, 1, 0]


def test_images_are_found_by_a_label_with_at_least_a_confidence_the_highest_first(queries, add):
    for number, confidence in enumerate((60.0, 99.5, 90.0, 89.999, 100.0)):
        add(f"digits/{number}.png", [("crack", confidence), ("dent", 95.0)])
    add("scenes/9.png", [("crack", 99.0)], project="scenes")
    pages = pages_of(lambda token: queries.by_label("digits", "crack", min_confidence=90, limit=2, token=token))
    found = [sighting for page in pages for sighting in page]
    assert [(seen.image.key, seen.confidence) for seen in found] == [
        ("digits/4.png", 100),
        ("digits/1.png", 99.5),
        ("digits/2.png", 90),
    ]
    assert found[0].to_json() == {
        "Label": "crack",
        "Confidence": 100,
        "Count": 1,
        "JobId": found[0].job_id,
        "Project": "digits",
        "Image": {"S3Bucket": "images", "S3ObjectName": "digits/4.png", "S3ObjectVersion": "v1"},
        "ProjectVersionArn": "arn:v1",
        "Timestamp": 2000,
    }


def test_the_jobs_of_a_start_job_are_found_whatever_an_answer_holds(queries, add, table):
    start = add.results.starts.open(StartJob(id="5" * 32, project="digits", created_at=1), now=1)
    done = [add(f"digits/{number}.png", fails=number == 3, start=start.id) for number in range(5)]
    add("digits/other.png")
    pages = pages_of(lambda token: queries.by_start_job(start.id, limit=3, token=token))
    assert [job for page in pages for job in page] == sorted(done, key=lambda job: job.id)
    table.page = 100
    assert len(queries.by_start_job(start.id, limit=5).entries) == 5


def test_a_job_that_expired_before_its_start_job_is_left_out(queries, add, table):
    start = add.results.starts.open(StartJob(id="5" * 32, project="digits", created_at=1), now=1)
    first, second = (add(f"digits/{number}.png", start=start.id) for number in range(2))
    del table.items[f"JOB#{first.id}", "JOB"]
    assert queries.by_start_job(start.id).entries == (second,)


def test_a_token_of_another_question_is_refused(queries, add):
    for number in range(3):
        add(f"digits/{number}.png", [("crack", 50.0), ("dent", 40.0)], created_at=number)
    token = queries.by_label("digits", "crack", limit=1).next_token
    for ask in (
        lambda: queries.by_label("digits", "dent", limit=1, token=token),
        lambda: queries.by_label("digits", "crack", min_confidence=1, limit=1, token=token),
        lambda: queries.by_label("scenes", "crack", limit=1, token=token),
        lambda: queries.by_status("digits", limit=1, token=token),
        lambda: queries.by_image("images", "digits/0.png", token=token),
    ):
        with pytest.raises(InvalidTokenError, match=r"NextToken .*leave it out to begin anew"):
            ask()


@pytest.mark.parametrize("token", ["", "x", "!!", "é", "AAAA", "bnVsbA", "W10", "e30", "W1tdXQ", "a" * 5000])
def test_a_token_that_nobody_gave_is_refused(queries, token):
    with pytest.raises(InvalidTokenError, match="NextToken"):
        queries.by_image("images", "digits/a.png", token=token)


@pytest.mark.parametrize(
    "place",
    [
        ["JOB#1"],
        ["JOB#1", "JOB", "soon"],
        ["JOB#1", "JOB", "NaN"],
        ["JOB#1", "JOB", "-1"],
        ["JOB#1", "JOB", 5],
        [1, 2, 3],
        {},
        "x",
        5,
    ],
)
def test_a_token_whose_place_was_changed_is_refused(queries, add, place):
    for number in range(3):
        add(f"digits/{number}.png", created_at=number)
    token = queries.by_status("digits", [JobStatus.SUCCEEDED], limit=1).next_token

    def change(said):
        said[1] = place

    with pytest.raises(InvalidTokenError, match="NextToken"):
        queries.by_status("digits", [JobStatus.SUCCEEDED], limit=1, token=forged(token, change))
