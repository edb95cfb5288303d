import pytest
from botocore.exceptions import ClientError

from lambdas.images import ImageRef, job_id
from lambdas.items import from_item
from lambdas.jobs import Job, JobStatus
from lambdas.start_jobs import StartJob, StartJobs, TokenMismatchError

NOW = 1_700_000_000.5
DAY = 86_400
WEEK = 7 * DAY
ASKED = {"Prefix": "digits/lot-7/"}


@pytest.fixture
def starts(dynamodb):
    return StartJobs(dynamodb, "results", lambda _: None)


def start_of(letter="a", request=ASKED, **said):
    return StartJob(id=letter * 32, project="digits", created_at=1, request=request, **said)


def final_job(number, status=JobStatus.SUCCEEDED):
    image = ImageRef("images", f"digits/{number}.png", "v1")
    return Job(id=job_id(image, "digits"), project="digits", image=image, status=status, created_at=1)


def test_a_start_job_is_kept_as_it_was_opened(starts):
    said = start_of(job_tag="lot-7", notification_topic="arn:topic", expires_at=5, retention_days=3)
    assert starts.open(said, now=NOW) == said
    assert starts.get(said.id) == said


def test_what_is_no_start_job_is_none(starts, table):
    assert starts.get("a" * 32) is None
    table.items["JOB#" + "a" * 32, "JOB"] = {"API": {"S": "DetectCustomLabels"}}
    assert starts.get("a" * 32) is None


def test_the_same_token_and_request_return_the_job_that_they_began(starts):
    first = starts.open(start_of("a"), now=NOW, token="t")
    assert starts.open(start_of("b"), now=NOW + WEEK, token="t") == first
    assert starts.get("b" * 32) is None


def test_the_same_token_with_another_request_is_refused_by_the_job_that_it_began(starts):
    starts.open(start_of("a"), now=NOW, token="t")
    with pytest.raises(TokenMismatchError, match=f"began job {'a' * 32} .*choose a new token"):
        starts.open(start_of("b", {"Prefix": "digits/"}), now=NOW, token="t")


def test_a_token_is_forgotten_after_a_week(starts):
    starts.open(start_of("a"), now=NOW, token="t")
    assert starts.open(start_of("b"), now=NOW + WEEK + 1, token="t").id == "b" * 32


def test_a_token_belongs_to_its_project(starts):
    starts.open(start_of("a"), now=NOW, token="t")
    other = StartJob(id="b" * 32, project="scenes", created_at=1)
    assert starts.open(other, now=NOW, token="t") == other


def test_a_token_is_forgotten_with_the_job_that_it_began(starts, table):
    starts.open(start_of("a", retention_days=1), now=NOW, token="t")
    assert from_item(table.items["TOKEN#digits#t", "TOKEN"])["ExpiresAt"] == int(NOW) + DAY
    assert starts.open(start_of("b"), now=NOW + DAY + 1, token="t").id == "b" * 32


def test_without_a_token_each_request_is_a_job_of_its_own(starts, table):
    assert {starts.open(start_of(letter), now=NOW).id for letter in "ab"} == {"a" * 32, "b" * 32}
    assert len(table.items) == 2


def test_the_total_is_said_once(starts):
    start = starts.open(start_of(), now=NOW)
    starts.set_total(start.id, 3, now=1)
    starts.set_total(start.id, 3, now=1)
    assert (starts.get(start.id).total, starts.get(start.id).listed_at) == (3, 1000)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        starts.set_total(start.id, 4, now=1)


def test_a_job_that_was_final_before_is_counted_once(starts, table):
    start = starts.open(start_of(), now=NOW)
    for status in (JobStatus.SUCCEEDED, JobStatus.FAILED):
        job = final_job(status.value, status)
        starts.count(start.id, job, now=NOW)
        table.answered.clear()  # ten minutes later, DynamoDB has forgotten the transaction
        starts.count(start.id, job, now=NOW)
    progress = starts.get(start.id)
    assert (progress.done, progress.failed) == (2, 1)


def test_what_is_counted_is_forgotten_after_as_many_days_as_results(starts, table):
    start = starts.open(start_of(retention_days=2), now=NOW)
    job = final_job(1)
    starts.count(start.id, job, now=NOW)
    assert from_item(table.items[f"JOB#{start.id}", f"IMAGE#{job.id}"])["ExpiresAt"] == int(NOW) + 2 * DAY


def test_nothing_is_counted_for_a_start_job_that_has_expired(starts, table):
    starts.count("a" * 32, final_job(1), now=NOW)
    assert table.items == {}


def test_a_start_job_ends_when_all_its_images_are_listed_and_done(starts):
    start = starts.open(start_of(), now=NOW)
    starts.count(start.id, final_job(1), now=NOW)
    assert starts.finish_if_done(start.id, NOW) is None
    starts.set_total(start.id, 2, now=1)
    assert starts.finish_if_done(start.id, NOW) is None
    starts.count(start.id, final_job(2, JobStatus.FAILED), now=NOW)
    ended = starts.finish_if_done(start.id, NOW)
    assert (ended.status, ended.total, ended.done, ended.failed) == (JobStatus.SUCCEEDED, 2, 2, 1)
    assert (ended.timestamp, ended.unnotified) == (int(NOW * 1000), True)


def test_a_start_job_is_kept_from_its_end_for_as_long_as_results_are(starts):
    start = starts.open(start_of(retention_days=2), now=NOW)
    starts.set_total(start.id, 0, now=1)
    assert starts.get(start.id).expires_at is None
    assert starts.finish_if_done(start.id, NOW + 5).expires_at == int(NOW) + 5 + 2 * DAY


def test_a_start_job_of_no_images_ends_at_once(starts):
    start = starts.open(start_of(), now=NOW)
    starts.set_total(start.id, 0, now=1)
    assert starts.finish_if_done(start.id, NOW).status is JobStatus.SUCCEEDED


def test_an_ended_start_job_is_returned_until_it_was_told_of(starts, table):
    start = starts.open(start_of(), now=NOW)
    starts.set_total(start.id, 0, now=1)
    first = starts.finish_if_done(start.id, NOW)
    assert from_item(table.items[f"JOB#{start.id}", "JOB"])["Unnotified"] == "digits"
    assert starts.finish_if_done(start.id, NOW + 9) == first
    starts.mark_notified(start.id)
    assert starts.finish_if_done(start.id, NOW) is None


def test_of_two_that_see_the_last_image_done_one_ends_the_start_job(starts, table):
    start = starts.open(start_of(), now=NOW)
    starts.set_total(start.id, 0, now=1)
    update = table.update_item

    def overtaken(**said):
        table.update_item = update
        assert starts.finish_if_done(start.id, NOW + 1) is not None
        return update(**said)

    table.update_item = overtaken
    assert starts.finish_if_done(start.id, NOW + 2) is None
    assert starts.get(start.id).timestamp == int((NOW + 1) * 1000)


def test_a_start_job_whose_images_cannot_be_listed_fails_with_a_message(starts):
    start = starts.open(start_of(), now=NOW)
    ended = starts.fail(start.id, "no such bucket", NOW)
    assert (ended.status, ended.status_message, ended.unnotified) == (JobStatus.FAILED, "no such bucket", True)
    assert starts.fail(start.id, "again", NOW).status_message == "no such bucket"
    starts.mark_notified(start.id)
    assert starts.fail(start.id, "again", NOW) is None


def test_nothing_ends_where_there_is_no_start_job(starts):
    assert starts.finish_if_done("a" * 32, NOW) is None
    assert starts.fail("a" * 32, "said", NOW) is None
