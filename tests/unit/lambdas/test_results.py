import pytest
from botocore.exceptions import ClientError

from lambdas.errors import ErrorCode
from lambdas.images import job_id
from lambdas.items import from_item
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.label_objects import LabelObjects
from lambdas.queries import Queries
from lambdas.results import ResultsBusyError, ResultsTable
from lambdas.start_jobs import StartJob
from tests.unit.aws import Refusal, client_of
from tests.unit.objects import Objects

SOURCE = Source(size=10, format="PNG", width=100, height=80, job_tag="lot-7")
LABELS = [
    {"Name": "crack", "Confidence": 90.5, "Geometry": {"BoundingBox": {"Left": 0.25}}},
    {"Name": "crack", "Confidence": 70.25},
    {"Name": "dent", "Confidence": 60.0},
]
NOW = 1_700_000_000.25
LEASE = 90


@pytest.fixture
def objects():
    return Objects()


@pytest.fixture
def paused():
    return []


@pytest.fixture
def results(dynamodb, objects, paused):
    return ResultsTable(dynamodb, "results", LabelObjects(client_of("s3", objects), "objects"), paused.append)


@pytest.fixture
def queries(dynamodb):
    return Queries(dynamodb, "results")


def job_of(image, arn="arn:v1", created_at=1, project="digits", **said):
    return Job(
        id=job_id(image, project),
        project=project,
        image=image,
        status=JobStatus.IN_PROGRESS,
        created_at=created_at,
        project_version_arn=arn,
        **said,
    )


def open_(results, job, holder="one", now=NOW):
    return results.open(job, holder=holder, now=now, lease_seconds=LEASE)


def finish(results, job, outcome=None, retention_days=None, holder="one", now=NOW):
    outcome = succeeded(LABELS, SOURCE, 12) if outcome is None else outcome
    return results.finish(job, outcome, holder=holder, now=now, retention_days=retention_days)


def many_labels(count, **said):
    return [{"Name": f"label {number:04}", "Confidence": 99.0 - number / 100, **said} for number in range(count)]


def label_items(table):
    return [from_item(item) for (_, sort), item in sorted(table.items.items()) if sort.startswith("LABEL#")]


def job_item(table, job):
    return from_item(table.items[f"JOB#{job.id}", "JOB"])


# Open: who may work on a job.


def test_the_first_delivery_opens_the_job_pins_the_model_version_and_holds_it(results, queries, image):
    job = job_of(image)
    opened = open_(results, job)
    assert (opened.job, opened.held, opened.busy_until, opened.crashes) == (job, True, None, 0)
    assert queries.job(job.id) == job


def test_what_a_request_said_stays_with_its_job(results, queries, image):
    job = job_of(image, run="again", start_job_id="s", notification_topic="arn:topic")
    open_(results, job)
    assert queries.job(job.id) == job
    done = finish(results, job)
    assert (done.outcome["Run"], done.outcome["StartJobId"]) == ("again", "s")
    assert queries.job(job.id).notification_topic == "arn:topic"
    assert "NotificationTopic" not in done.outcome


def test_a_duplicate_that_comes_while_another_works_is_told_until_when(results, image):
    open_(results, job_of(image))
    again = open_(results, job_of(image), "two", NOW + 1)
    assert (again.held, again.busy_until, again.crashes) == (False, NOW + LEASE, 0)


def test_the_holder_itself_may_open_its_job_again(results, image):
    open_(results, job_of(image))
    again = open_(results, job_of(image), "one", NOW + 10)
    assert (again.held, again.crashes) == (True, 0)
    assert open_(results, job_of(image), "two", NOW + 11).busy_until == NOW + 10 + LEASE


def test_a_redelivery_of_a_job_that_was_handed_back_takes_it_with_its_pinned_version(results, image):
    job = open_(results, job_of(image, "arn:v1", created_at=1)).job
    results.release(job, holder="one")
    again = open_(results, job_of(image, "arn:v2", created_at=2), "two", NOW + 1)
    assert (again.held, again.crashes) == (True, 0)
    assert (again.job.project_version_arn, again.job.created_at) == ("arn:v1", 1)


def test_a_lease_that_ran_out_is_taken_over_and_counted_as_a_crash(results, image):
    open_(results, job_of(image), "one", NOW)
    for crashes, holder in enumerate(("two", "three"), start=1):
        opened = open_(results, job_of(image), holder, NOW + crashes * (LEASE + 1))
        assert (opened.held, opened.crashes) == (True, crashes)


def test_a_job_that_is_handed_back_after_a_crash_keeps_its_count(results, image):
    open_(results, job_of(image), "one", NOW)
    job = open_(results, job_of(image), "two", NOW + LEASE).job
    results.release(job, holder="two")
    opened = open_(results, job_of(image), "three", NOW + LEASE + 1)
    assert (opened.held, opened.crashes) == (True, 1)


def test_of_two_that_take_over_at_once_one_gets_the_lease(results, table, image):
    open_(results, job_of(image), "one", NOW)
    update, later = table.update_item, NOW + LEASE

    def overtaken(**said):
        table.update_item = update
        assert open_(results, job_of(image), "three", later).held
        return update(**said)

    table.update_item = overtaken
    opened = open_(results, job_of(image), "two", later)
    assert (opened.held, opened.busy_until, opened.crashes) == (False, later + LEASE, 1)


def test_a_job_that_expires_while_it_is_taken_over_is_opened_anew(results, table, image):
    open_(results, job_of(image), "one", NOW)
    update = table.update_item

    def expired(**said):
        table.items.clear()
        table.update_item = update
        return update(**said)

    table.update_item = expired
    opened = open_(results, job_of(image), "two", NOW + LEASE)
    assert (opened.held, opened.crashes) == (True, 0)


def test_a_redelivery_of_a_finished_job_gets_its_outcome_back(results, image):
    done = finish(results, open_(results, job_of(image)).job)
    again = open_(results, job_of(image, "arn:v2"), "two", NOW + 1)
    assert (again.job, again.held, again.busy_until) == (done, False, None)


def test_only_the_holder_hands_a_job_back(results, image):
    job = open_(results, job_of(image)).job
    results.release(job, holder="two")
    assert open_(results, job, "three", NOW + 1).busy_until is not None


def test_a_finished_job_cannot_be_handed_back(results, queries, image):
    done = finish(results, open_(results, job_of(image)).job)
    results.release(done, holder="one")
    assert queries.job(done.id) == done


def test_the_holder_may_pin_its_job_to_another_version_and_no_other(results, queries, image):
    job = results.pin(open_(results, job_of(image)).job, "arn:v2", holder="one")
    assert job.project_version_arn == "arn:v2"
    assert queries.job(job.id) == job
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        results.pin(job, "arn:v3", holder="two")
    finish(results, job)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        results.pin(job, "arn:v3", holder="one")


# Finish: all or nothing.


def test_a_finished_job_says_all_that_a_notification_says(results, queries, image):
    done = finish(results, open_(results, job_of(image)).job)
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
    assert queries.job(done.id) == done


def test_a_result_says_what_was_done_to_the_image_and_where_its_annotated_copy_is(results, queries, image):
    copy = {"S3Bucket": "objects", "S3ObjectName": "annotated/digits/1.jpg"}
    outcome = succeeded(LABELS, SOURCE, 12, changes=["rotated by EXIF orientation 6"], annotated=copy)
    done = finish(results, open_(results, job_of(image)).job, outcome)
    found = queries.job(done.id).outcome
    assert (found["Changes"], found["AnnotatedImage"]) == (["rotated by EXIF orientation 6"], copy)


def test_finish_commits_once_and_the_second_gets_the_first_outcome(results, queries, image):
    job = open_(results, job_of(image)).job
    first = finish(results, job)
    second = finish(results, job, failed(ErrorCode.CORRUPT_IMAGE, "said", SOURCE))
    assert second == first
    assert queries.job(job.id) == first


def test_a_delivery_that_lost_its_lease_commits_nothing_and_goes_back(results, queries, table, image):
    job = open_(results, job_of(image), "one", NOW).job
    open_(results, job_of(image), "two", NOW + LEASE)
    with pytest.raises(ResultsBusyError, match=job.id):
        finish(results, job, holder="one")
    assert queries.job(job.id).status is JobStatus.IN_PROGRESS
    assert label_items(table) == []


def test_a_delivery_that_lost_its_lease_leaves_the_winners_labels_alone(results, table, image):
    job = open_(results, job_of(image), "one", NOW).job
    other = open_(results, job_of(image), "two", NOW + LEASE).job
    winners = finish(results, other, succeeded([{"Name": "hole", "Confidence": 5.0}], SOURCE, 1), holder="two")
    for labels in (LABELS, many_labels(250)):
        assert finish(results, job, succeeded(labels, SOURCE, 1), holder="one") == winners
        assert [item["Label"] for item in label_items(table)] == ["hole"]


def test_a_lease_that_ran_out_and_that_nobody_took_still_lets_its_holder_commit(results, image):
    job = open_(results, job_of(image), "one", NOW).job
    assert finish(results, job, now=NOW + 10 * LEASE).status is JobStatus.SUCCEEDED


def test_each_distinct_label_has_one_item_with_best_confidence_and_count(results, table, image):
    finish(results, open_(results, job_of(image)).job)
    crack, dent = label_items(table)
    assert (crack["ProjectLabel"], crack["Confidence"], crack["Count"]) == ("digits#crack", 90.5, 2)
    assert (dent["ProjectLabel"], dent["Confidence"], dent["Count"]) == ("digits#dent", 60, 1)
    assert crack["Image"] == image.to_json()
    assert crack["ProjectVersionArn"] == "arn:v1"


def test_a_failed_job_has_no_label_items(results, table, image):
    outcome = failed(ErrorCode.TOO_SMALL, "63 px", SOURCE)
    done = finish(results, open_(results, job_of(image)).job, outcome)
    assert (done.status, done.outcome["ErrorCode"]) == (JobStatus.FAILED, "TOO_SMALL")
    assert label_items(table) == []


@pytest.mark.parametrize("count", [99, 100, 101, 198, 199, 450])
def test_more_labels_than_one_transaction_takes_are_all_written(results, queries, table, image, count):
    job = open_(results, job_of(image)).job
    done = finish(results, job, succeeded(many_labels(count), SOURCE, 1))
    assert len(label_items(table)) == count
    assert queries.job(done.id) == done


def test_label_items_that_a_crash_left_are_removed_where_the_outcome_has_them_not(results, table, image):
    table.page = 30
    job = open_(results, job_of(image), "one", NOW).job
    write = table.transact_write_items

    def only_the_weakest(**said):
        table.transact_write_items = dies
        return write(**said)

    def dies(**said):
        raise Refusal("InternalServerError", 500)

    table.transact_write_items = only_the_weakest
    with pytest.raises(ClientError, match="InternalServerError"):
        finish(results, job, succeeded(many_labels(150), SOURCE, 1))
    assert len(label_items(table)) == 51
    table.transact_write_items = write
    job = open_(results, job_of(image), "two", NOW + LEASE).job
    finish(results, job, holder="two")
    assert [item["Label"] for item in label_items(table)] == ["crack", "dent"]
    assert "Staged" not in job_item(table, job)


def test_results_expire_after_the_retention_and_label_items_with_them(results, table, image):
    done = finish(results, open_(results, job_of(image)).job, retention_days=2)
    assert [item["ExpiresAt"] for item in [job_item(table, done), *label_items(table)]] == [1_700_172_800] * 3
    assert "ExpiresAt" not in done.outcome


def test_without_retention_nothing_expires(results, table, image):
    finish(results, open_(results, job_of(image)).job)
    assert all("ExpiresAt" not in item for item in table.items.values())


def test_labels_of_more_than_300_kb_are_in_s3_and_the_item_points_to_them(results, queries, objects, image):
    labels = many_labels(400, Geometry={"BoundingBox": {"Left": 0.123456789, "Top": 0.1}}, Note="x" * 800)
    done = finish(results, open_(results, job_of(image)).job, succeeded(labels, SOURCE, 1))
    found = queries.job(done.id)
    assert found == done
    assert "CustomLabels" not in found.outcome
    assert found.outcome["LabelsObject"]["S3Bucket"] == "objects"
    assert found.outcome["LabelsObject"]["S3ObjectName"].startswith(f"labels/digits/{done.id}/")
    assert (found.outcome["LabelCount"], len(found.outcome["Confidences"])) == (400, 400)
    assert results.objects.completed(found).outcome["CustomLabels"] == labels


def test_labels_that_fit_stay_in_the_item(results, objects, image):
    labels = many_labels(250, Note="x" * 1000)
    done = finish(results, open_(results, job_of(image)).job, succeeded(labels, SOURCE, 1))
    assert objects.bodies == {}
    assert results.objects.completed(done) == done


def test_a_label_list_in_s3_is_never_overwritten_by_another_delivery(results, objects, queries, image):
    lists = [many_labels(400, Note=letter * 1000) for letter in "ab"]
    slow = open_(results, job_of(image), "one", NOW).job
    fast = open_(results, job_of(image), "two", NOW + LEASE).job
    finish(results, fast, succeeded(lists[1], SOURCE, 1), holder="two")
    finish(results, slow, succeeded(lists[0], SOURCE, 1), holder="one")
    assert results.objects.completed(queries.job(fast.id)).outcome["CustomLabels"] == lists[1]


def test_a_transaction_that_meets_another_one_is_sent_again_after_a_pause(results, table, paused, image):
    job = open_(results, job_of(image)).job
    table.conflicts = 3
    assert finish(results, job).status is JobStatus.SUCCEEDED
    assert len(paused) == 3


def test_a_transaction_that_always_meets_others_sends_the_image_back(results, queries, table, paused, image):
    job = open_(results, job_of(image)).job
    table.conflicts = 100
    with pytest.raises(ResultsBusyError, match="others wrote the same items"):
        finish(results, job)
    assert sum(paused) < 5
    assert queries.job(job.id).status is JobStatus.IN_PROGRESS


def test_a_job_that_was_told_of_leaves_the_unnotified_index(results, queries, table, image):
    done = finish(results, open_(results, job_of(image)).job)
    assert job_item(table, done)["Unnotified"] == "digits"
    results.mark_notified(done)
    assert "Unnotified" not in job_item(table, done)
    assert not queries.job(done.id).unnotified


def test_a_job_that_vanishes_while_it_is_written_sends_the_image_back(results, table, image):
    job = open_(results, job_of(image)).job
    table.items.clear()
    with pytest.raises(ResultsBusyError, match="vanished"):
        finish(results, job)
    assert table.items == {}


def test_other_refusals_of_dynamodb_pass_through(results, table, image):
    table.refuse_next["put_item"] = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        open_(results, job_of(image))
    job = open_(results, job_of(image)).job
    table.refuse_next["transact_write_items"] = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        finish(results, job)


# A job of a start job.


@pytest.fixture
def start(results):
    return results.starts.open(StartJob(id="s" * 32, project="digits", created_at=1), now=NOW)


def test_a_job_counts_for_its_start_job_when_it_commits(results, start, table, image):
    job = open_(results, job_of(image, start_job_id=start.id)).job
    finish(results, job, retention_days=1)
    finish(results, job)
    progress = results.starts.get(start.id)
    assert (progress.done, progress.failed) == (1, 0)
    child = from_item(table.items[f"JOB#{start.id}", f"IMAGE#{job.id}"])
    assert (child["Status"], child["JobId"], child["ExpiresAt"]) == ("SUCCEEDED", job.id, 1_700_086_400)


def test_a_failed_job_counts_as_failed_too(results, start, image):
    job = open_(results, job_of(image, start_job_id=start.id)).job
    finish(results, job, failed(ErrorCode.TOO_SMALL, "63 px", SOURCE))
    progress = results.starts.get(start.id)
    assert (progress.done, progress.failed) == (1, 1)


def test_a_job_whose_start_job_has_expired_gets_its_result_all_the_same(results, start, table, image):
    job = open_(results, job_of(image, start_job_id=start.id)).job
    del table.items[f"JOB#{start.id}", "JOB"]
    assert finish(results, job).status is JobStatus.SUCCEEDED
    assert not any(partition == f"JOB#{start.id}" for partition, _ in table.items)


def test_a_job_of_a_start_job_with_as_many_labels_as_fit_beside_its_count_is_written(results, start, table, image):
    for number in (97, 98):
        job = open_(results, job_of(image, start_job_id=start.id, project=f"p{number}")).job
        finish(results, job, succeeded(many_labels(number), SOURCE, 1))
    assert len(label_items(table)) == 97 + 98
    assert results.starts.get(start.id).done == 2
