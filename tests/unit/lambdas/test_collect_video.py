"""What Rekognition found in a video to one result: all pages, once, whatever is lost, late or twice."""

import json

import pytest
from botocore.exceptions import ClientError

from lambdas.collect_video.collecting import CHECKPOINT_PAGES, NotDoneError, NotWrittenError, UnknownJobError
from lambdas.collect_video.completions import Completion, completion_of
from lambdas.events import MalformedEventError
from lambdas.jobs import JobStatus
from lambdas.results import BusyError
from tests.unit.aws import Refusal
from tests.unit.lambdas.video_scene import FILM, VideoScene

BOX = {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}, "Confidence": 91.0}


@pytest.fixture
def scene():
    return VideoScene()


def seen(label, at_ms, confidence, *instances):
    return {
        "Timestamp": at_ms,
        "Label": {"Name": label, "Confidence": confidence, "Instances": list(instances), "Parents": []},
    }


PAGES = [
    [seen("Car", 0, 80.0, BOX), seen("Dog", 0, 60.0)],
    [seen("Car", 500, 91.0, BOX)],
    [seen("Car", 9000, 70.0)],
]


def begun(scene, **metadata):
    job = scene.start(scene.put("b.mp4", FILM, **metadata))
    scene.jobs.end(job.id)
    scene.jobs.pages = PAGES
    return job


def test_all_pages_become_a_timeline_a_summary_and_one_notification(scene):
    job = scene.collect(begun(scene, job_tag="lot-7").id)
    assert job.status is JobStatus.SUCCEEDED
    assert scene.jobs.read == [None, "1", "2"]
    lines = scene.timeline(job.id)
    assert [(line["Label"], line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in lines] == [
        ("Car", 0, 500),
        ("Dog", 0, 0),
        ("Car", 9000, 9000),
    ]
    assert lines[0]["Sightings"][0]["Instances"] == [BOX]
    (told,) = scene.told()
    assert (told["JobId"], told["Status"], told["API"], told["JobTag"]) == (
        job.id,
        "SUCCEEDED",
        "StartLabelDetection",
        "lot-7",
    )
    assert told["Video"] == job.image.to_json()
    assert told["Confidences"] == {"Car": 91.0, "Dog": 60.0}
    assert told["Labels"][0]["Segments"] == [
        {"StartTimestampMillis": 0, "EndTimestampMillis": 500, "Confidence": 91.0},
        {"StartTimestampMillis": 9000, "EndTimestampMillis": 9000, "Confidence": 70.0},
    ]
    assert told["Timeline"] == {"S3Bucket": "objects", "S3ObjectName": f"timelines/digits/{job.id}.jsonl"}
    assert told["VideoMetadata"]["DurationMillis"] == 2000
    assert [sighting.label for sighting in scene.queries.by_label("digits", "Car").entries] == ["Car"]


def test_the_same_completion_again_changes_nothing(scene):
    job = scene.collect(begun(scene).id)
    written, items = dict(scene.bucket.written), dict(scene.table.items)
    assert scene.collect(job.id).outcome == job.outcome
    assert (scene.bucket.written, scene.table.items, len(scene.told())) == (written, items, 1)
    assert len(scene.jobs.read) == len(PAGES)


def test_an_invocation_goes_on_where_the_one_before_ran_out_of_time(scene):
    job = begun(scene)
    for _ in range(2):
        with pytest.raises(NotDoneError):
            scene.collect(job.id, pages=1)
    done = scene.collect(job.id)
    assert scene.jobs.read == [None, "1", "2"]
    whole = VideoScene()
    other = whole.collect(begun(whole).id)
    assert done.outcome["Labels"] == other.outcome["Labels"]
    assert scene.timeline(done.id) == whole.timeline(other.id)
    assert sorted(scene.bucket.written) == [f"timelines/digits/{job.id}.jsonl"]


def test_pages_that_were_read_before_an_error_are_not_read_again(scene):
    job = begun(scene)
    scene.jobs.fail_pages["2"] = [Refusal("AccessDeniedException")]
    with pytest.raises(ClientError):
        scene.collect(job.id)
    scene.collect(job.id)
    assert scene.jobs.read == [None, "1", "2", "2"]


def test_a_place_that_the_service_has_forgotten_is_read_from_the_beginning(scene):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=2)
    scene.jobs.fail_pages["2"] = [Refusal("InvalidPaginationTokenException")]
    with pytest.raises(NotDoneError):
        scene.collect(job.id)
    done = scene.collect(job.id)
    assert done.outcome["Labels"][0]["Confidence"] == 91.0
    assert len(scene.timeline(job.id)) == 3


@pytest.mark.parametrize("status", ["FAILED", "ERROR"])
def test_a_job_that_failed_is_a_failed_result_with_the_message(scene, status):
    job = scene.start(scene.put("b.mp4", FILM, job_tag="lot-7"))
    scene.jobs.end(job.id, "FAILED", StatusMessage="Unsupported codec/format.")
    done = scene.collect(job.id, status)
    assert (done.status, done.outcome["ErrorCode"]) == (JobStatus.FAILED, "MODEL_REFUSED")
    assert "Unsupported codec/format." in done.outcome["StatusMessage"]
    (told,) = scene.told()
    assert (told["Status"], told["JobTag"]) == ("FAILED", "lot-7")


def test_an_error_of_a_job_that_still_says_in_progress_is_final(scene):
    job = scene.start()
    assert scene.collect(job.id, "ERROR").outcome["ErrorCode"] == "MODEL_REFUSED"


def test_a_completion_that_is_ahead_of_the_service_comes_back(scene):
    job = scene.start()
    with pytest.raises(NotDoneError):
        scene.collect(job.id)
    scene.jobs.end(job.id)
    assert scene.collect(job.id).status is JobStatus.SUCCEEDED


def test_a_completion_of_a_job_that_is_not_written_yet_comes_back_each_minute_for_a_quarter_of_an_hour(scene):
    sent_at = scene.time.epoch()
    for _ in range(15):
        with pytest.raises(NotWrittenError) as error:
            scene.collect("1" * 64, sent_at=sent_at)
        assert error.value.least_seconds(scene.time.epoch()) == 60
        scene.time.now += 60
    with pytest.raises(UnknownJobError):
        scene.collect("1" * 64, sent_at=sent_at)
    assert scene.told() == []


def test_two_deliveries_at_once_do_not_collect_twice(scene):
    job = begun(scene)
    scene.results.open(job, holder="another", now=scene.time.epoch(), lease_seconds=60)
    with pytest.raises(BusyError):
        scene.collect(job.id)


def test_a_job_that_killed_three_deliveries_is_a_failed_result(scene):
    job = begun(scene)
    for number in range(4):
        scene.results.open(job, holder=f"dead {number}", now=scene.time.epoch(), lease_seconds=60)
        scene.time.now += 61
    assert scene.collect(job.id).outcome["ErrorCode"] == "CRASHED"


def die(scene, job):
    """Let a delivery take a job and die."""
    scene.results.open(job, holder=f"dead at {scene.time.now}", now=scene.time.epoch(), lease_seconds=60)
    scene.time.now += 61


def test_deaths_with_progress_between_them_do_not_count(scene):
    job = begun(scene)
    for _ in range(2):
        die(scene, job)
        die(scene, job)
        with pytest.raises(NotDoneError):
            scene.collect(job.id, pages=1)
    die(scene, job)
    assert scene.collect(job.id).status is JobStatus.SUCCEEDED


def test_deaths_without_progress_between_them_count(scene):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=1)
    for _ in range(2):
        die(scene, job)
        scene.jobs.fail_pages["1"] = [Refusal("AccessDeniedException")]
        with pytest.raises(ClientError):
            scene.collect(job.id)
    die(scene, job)
    assert scene.collect(job.id).outcome["ErrorCode"] == "CRASHED"


class KilledError(BaseException):
    """Lambda ends the process."""


def test_a_delivery_that_dies_has_kept_all_pages_but_the_last_few(scene):
    job = begun(scene)
    scene.jobs.pages = [[seen("Car", 500 * number, 80.0)] for number in range(2 * CHECKPOINT_PAGES + 10)]
    ask = scene.jobs.get_label_detection

    def killed(**said):
        if len(scene.jobs.read) == 2 * CHECKPOINT_PAGES + 5:
            raise KilledError
        return ask(**said)

    scene.jobs.get_label_detection = killed
    with pytest.raises(KilledError):
        scene.collect(job.id)
    del scene.jobs.get_label_detection
    first = len(scene.jobs.read)
    scene.collect(job.id)
    assert scene.jobs.read[first] == str(2 * CHECKPOINT_PAGES)
    (line,) = scene.timeline(job.id)
    assert [one["Timestamp"] for one in line["Sightings"]] == [500 * number for number in range(len(scene.jobs.pages))]


@pytest.mark.parametrize("code", ["CRASHED", "EXPIRED", "MODEL_REFUSED"])
def test_a_job_that_fails_leaves_no_checkpoint(scene, code):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=1)
    match code:
        case "CRASHED":
            for _ in range(4):
                die(scene, job)
        case "EXPIRED":
            scene.jobs.ids.clear()
        case _:
            scene.jobs.end(job.id, "FAILED", StatusMessage="Rekognition has changed its mind.")
    assert scene.collect(job.id).outcome["ErrorCode"] == code
    assert scene.bucket.written == {}


def test_a_checkpoint_stays_until_the_result_is_committed(scene):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=1)
    scene.table.refuse_next["transact_write_items"] = Refusal("AccessDeniedException")
    with pytest.raises(ClientError):
        scene.collect(job.id)
    read = len(scene.jobs.read)
    assert scene.collect(job.id).status is JobStatus.SUCCEEDED
    assert scene.jobs.read[read:] == ["1", "2"]
    assert sorted(scene.bucket.written) == [f"timelines/digits/{job.id}.jsonl"]


def test_a_checkpoint_that_a_dead_delivery_left_goes_with_the_telling(scene):
    job = begun(scene)
    with pytest.raises(NotDoneError):
        scene.collect(job.id, pages=1)
    delete, scene.bucket.delete_object = scene.bucket.delete_object, refuse
    with pytest.raises(ClientError):
        scene.collect(job.id)
    scene.bucket.delete_object = delete
    scene.collect(job.id)
    assert sorted(scene.bucket.written) == [f"timelines/digits/{job.id}.jsonl"]
    assert len(scene.told()) == 1


def refuse(**_):
    raise Refusal("AccessDenied", 403)


def test_a_result_says_how_large_the_video_is(scene):
    done = scene.collect(begun(scene).id)
    assert done.outcome["SourceBytes"] == len(FILM)
    job = scene.start(scene.put("c.mp4", FILM))
    scene.jobs.end(job.id, "FAILED", StatusMessage="Unsupported codec/format.")
    assert scene.collect(job.id).outcome["SourceBytes"] == len(FILM)


def test_members_that_the_services_model_calls_optional_may_be_missing(scene):
    job = begun(scene)
    box = {"Confidence": 91.0}
    scene.jobs.pages = [[{}, {"Label": {}}, {"Label": {"Name": "Car", "Instances": [box, BOX | {"Confidence": 90.0}]}}]]
    scene.jobs.pages[0].append({"Timestamp": 500, "Label": {"Name": "Car", "Confidence": 80.0}})
    scene.collect(job.id)
    (line,) = scene.timeline(job.id)
    assert line["Sightings"] == [
        {"Timestamp": 0, "Confidence": 0.0, "Instances": [BOX | {"Confidence": 90.0}]},
        {"Timestamp": 500, "Confidence": 80.0},
    ]


def test_an_answer_without_a_status_is_no_success(scene):
    job = begun(scene)
    scene.jobs.answers[job.id] = {"JobStatus": "QUEUED"}
    with pytest.raises(NotDoneError):
        scene.collect(job.id)


def test_a_sweep_that_asks_too_early_changes_nothing(scene):
    job = scene.start()
    assert scene.collect(job.id, None).status is JobStatus.IN_PROGRESS
    scene.jobs.end(job.id)
    assert scene.collect(job.id).status is JobStatus.SUCCEEDED


def test_a_job_that_the_service_has_forgotten_expires(scene):
    job = scene.start()
    scene.jobs.ids.clear()
    assert scene.collect(job.id, None).outcome["ErrorCode"] == "EXPIRED"


@pytest.mark.parametrize("api", ["StartLabelDetection", "LABEL_DETECTION"])
def test_both_names_of_the_api_are_understood(api):
    said = {"JobId": "1", "Status": "ERROR", "API": api, "Message": "why"}
    assert completion_of(json.dumps(said)) == Completion("1", "ERROR", "why")


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"JobId": "1", "API": "StartFaceDetection"}'])
def test_what_is_no_completion_is_malformed(body):
    with pytest.raises(MalformedEventError):
        completion_of(body)
