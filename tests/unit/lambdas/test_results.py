import pytest
from botocore.exceptions import ClientError

from lambdas.errors import ErrorCode
from lambdas.images import ImageRef, job_id
from lambdas.items import from_item
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.results import ResultsBusyError, ResultsTable
from tests.unit.aws import Refusal

SOURCE = Source(size=10, format="PNG", width=100, height=80, job_tag="lot-7")
LABELS = [
    {"Name": "crack", "Confidence": 90.5, "Geometry": {"BoundingBox": {"Left": 0.25}}},
    {"Name": "crack", "Confidence": 70.25},
    {"Name": "dent", "Confidence": 60.0},
]
NOW = 1_700_000_000.25


@pytest.fixture
def results(dynamodb):
    return ResultsTable(dynamodb, "results")


def job_of(image, arn="arn:v1", created_at=1, project="digits"):
    return Job(
        id=job_id(image, project),
        project=project,
        image=image,
        status=JobStatus.IN_PROGRESS,
        created_at=created_at,
        project_version_arn=arn,
    )


def finish(results, job, outcome=None, retention_days=None):
    outcome = succeeded(LABELS, SOURCE, 12) if outcome is None else outcome
    return results.finish(job, outcome, now=NOW, retention_days=retention_days)


def label_items(table):
    return [from_item(item) for (_, sort), item in sorted(table.items.items()) if sort.startswith("LABEL#")]


def job_item(table, job):
    return from_item(table.items[f"JOB#{job.id}", "JOB"])


def test_the_first_delivery_opens_the_job_and_pins_the_model_version(results, image):
    job = job_of(image)
    assert results.open(job) == job
    assert results.get(job.id) == job


def test_a_redelivery_gets_the_pinned_version_back(results, image):
    results.open(job_of(image, "arn:v1", created_at=1))
    again = results.open(job_of(image, "arn:v2", created_at=2))
    assert (again.project_version_arn, again.created_at) == ("arn:v1", 1)


def test_a_redelivery_of_a_finished_job_gets_its_outcome_back(results, image):
    done = finish(results, results.open(job_of(image)))
    assert results.open(job_of(image, "arn:v2")) == done


def test_an_open_job_can_be_pinned_to_another_version_and_a_finished_one_cannot(results, image):
    job = results.pin(results.open(job_of(image)), "arn:v2")
    assert job.project_version_arn == "arn:v2"
    assert results.get(job.id) == job
    finish(results, job)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        results.pin(job, "arn:v3")


def test_a_finished_job_says_all_that_a_notification_says(results, image):
    done = finish(results, results.open(job_of(image)))
    assert done.status is JobStatus.SUCCEEDED
    assert done.unnotified
    assert done.outcome == {
        "JobId": job_id(image, "digits"),
        "API": "DetectCustomLabels",
        "SchemaVersion": "1.0",
        "Project": "digits",
        "ProjectVersionArn": "arn:v1",
        "Image": image.to_json(),
        "CreatedAt": 1,
        "Status": "SUCCEEDED",
        "CustomLabels": LABELS,
        "DetectMillis": 12,
        "SourceBytes": 10,
        "SourceFormat": "PNG",
        "SourceWidth": 100,
        "SourceHeight": 80,
        "JobTag": "lot-7",
        "Timestamp": 1_700_000_000_250,
    }
    assert results.get(done.id) == done


def test_finish_commits_once_and_the_second_gets_the_first_outcome(results, image):
    job = results.open(job_of(image))
    first = finish(results, job)
    second = finish(results, job, failed(ErrorCode.CORRUPT_IMAGE, "said", SOURCE))
    assert second == first
    assert results.get(job.id) == first


def test_each_distinct_label_has_one_item_with_best_confidence_and_count(results, table, image):
    finish(results, results.open(job_of(image)))
    crack, dent = label_items(table)
    assert (crack["ProjectLabel"], crack["Confidence"], crack["Count"]) == ("digits#crack", 90.5, 2)
    assert (dent["ProjectLabel"], dent["Confidence"], dent["Count"]) == ("digits#dent", 60, 1)
    assert crack["Image"] == image.to_json()
    assert crack["ProjectVersionArn"] == "arn:v1"


def test_a_failed_job_has_no_label_items(results, table, image):
    done = finish(results, results.open(job_of(image)), failed(ErrorCode.TOO_SMALL, "63 px", SOURCE))
    assert (done.status, done.outcome["ErrorCode"]) == (JobStatus.FAILED, "TOO_SMALL")
    assert label_items(table) == []


def test_more_labels_than_one_batch_takes_are_all_written(results, table, image):
    many = [{"Name": f"label {number}", "Confidence": 50.0} for number in range(60)]
    finish(results, results.open(job_of(image)), succeeded(many, SOURCE, 1))
    assert len(label_items(table)) == 60


def test_the_job_stays_open_until_all_label_items_are_written(results, table, image):
    job = results.open(job_of(image))
    table.unprocessed = 1
    with pytest.raises(ResultsBusyError, match=job.id):
        finish(results, job)
    assert results.get(job.id).status is JobStatus.IN_PROGRESS
    assert finish(results, job).status is JobStatus.SUCCEEDED


def test_results_expire_after_the_retention_and_label_items_with_them(results, table, image):
    done = finish(results, results.open(job_of(image)), retention_days=2)
    assert [item["ExpiresAt"] for item in [job_item(table, done), *label_items(table)]] == [1_700_172_800] * 3
    assert "ExpiresAt" not in done.outcome


def test_without_retention_nothing_expires(results, table, image):
    finish(results, results.open(job_of(image)))
    assert all("ExpiresAt" not in item for item in table.items.values())


def test_a_job_that_was_told_of_leaves_the_unnotified_index(results, table, image):
    done = finish(results, results.open(job_of(image)))
    assert job_item(table, done)["Unnotified"] == "digits"
    results.mark_notified(done)
    assert "Unnotified" not in job_item(table, done)
    assert not results.get(done.id).unnotified


def test_a_job_that_nobody_opened_is_none(results):
    assert results.get("0" * 32) is None


def test_a_job_that_vanishes_while_it_is_written_sends_the_image_back(results, table, image):
    job = results.open(job_of(image))
    table.items.clear()
    with pytest.raises(ResultsBusyError, match="vanished"):
        finish(results, job)


def test_other_refusals_of_dynamodb_pass_through(results, table, image):
    table.refuse_next["put_item"] = Refusal("ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        results.open(job_of(image))
    job = results.open(job_of(image))
    table.refuse_next["update_item"] = Refusal("ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        finish(results, job)


def test_jobs_are_found_by_status_the_newest_first(results):
    jobs = [results.open(job_of(ImageRef("images", f"digits/{n}.png", "v1"), created_at=n)) for n in range(5)]
    results.open(job_of(ImageRef("images", "scenes/0.png", "v1"), project="scenes"))
    finish(results, jobs[2])
    assert [job.created_at for job in results.by_status("digits", JobStatus.IN_PROGRESS)] == [4, 3, 1, 0]
    assert [job.created_at for job in results.by_status("digits", JobStatus.SUCCEEDED)] == [2]


def test_the_jobs_of_all_versions_of_an_image_are_found_the_newest_first(results):
    for number in range(3):
        results.open(job_of(ImageRef("images", "digits/a b.png", f"v{number}"), created_at=number))
    results.open(job_of(ImageRef("images", "digits/other.png", "v9")))
    assert [job.image.version for job in results.by_image("images", "digits/a b.png")] == ["v2", "v1", "v0"]
