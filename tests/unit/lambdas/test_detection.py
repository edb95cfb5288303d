"""One image to one result, whatever happens on the way."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.detection import SuspectError
from lambdas.detect_labels.pacing import OutOfTimeError
from lambdas.errors import ModelAsleepError
from lambdas.events import DetectionRequest
from lambdas.images import job_id
from lambdas.jobs import JobStatus
from lambdas.results import BusyError
from lambdas.start_jobs import StartJob
from tests.unit.aws import Refusal
from tests.unit.lambdas.pictures import oriented, picture
from tests.unit.lambdas.scene import LABELS, LARGE, NOW, SECONDS, TOPIC, V1, V2, Scene


@pytest.fixture
def scene():
    return Scene()


def test_an_image_ends_with_its_labels_in_the_table_and_on_the_topic(scene):
    job = scene.deliver()
    assert (job.status, job.outcome["CustomLabels"]) == (JobStatus.SUCCEEDED, LABELS)
    assert job.outcome["Timestamp"] == 1_700_000_000_000
    (message,) = scene.told()
    assert message["JobId"] == job_id(scene.image, "digits")
    assert (message["Status"], message["CustomLabels"], message["JobTag"]) == ("SUCCEEDED", LABELS, "lot-7")
    assert message["ProjectVersionArn"] == V1
    assert not scene.standing().unnotified


def test_the_model_is_asked_for_the_very_version_of_the_object(scene):
    scene.bucket.put(scene.image.key, LARGE)
    scene.deliver()
    s3_object = {"Bucket": "images", "Name": "digits/a.png", "Version": "v1"}
    assert scene.models.asked == [{"ProjectVersionArn": V1, "Image": {"S3Object": s3_object}}]


def test_thresholds_and_numbers_of_labels_go_with_the_request(scene):
    scene.deliver(ProjectSettings(min_confidence=0, max_results=3))
    assert scene.models.asked[0]["MinConfidence"] == 0
    assert scene.models.asked[0]["MaxResults"] == 3


def test_results_expire_as_the_project_says(scene):
    scene.deliver(ProjectSettings(retention_days=1))
    expiries = {item["ExpiresAt"]["N"] for item in scene.results_table.items.values()}
    assert expiries == {"1700086400"}


def test_a_key_that_no_project_claims_fails_and_no_model_is_asked(scene):
    job = scene.deliver(settings=None, project="unknown")
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "UNKNOWN_PROJECT")
    assert "first folder is 'digits'" in job.outcome["StatusMessage"]
    assert scene.models.asked == []
    (message,) = scene.told()
    assert (message["ErrorCode"], message["JobTag"]) == ("UNKNOWN_PROJECT", "lot-7")
    assert "ProjectVersionArn" not in message


def test_an_unreadable_image_fails_with_its_reason_and_no_model_is_asked(scene):
    scene.bucket.put(scene.image.key, b"a text")
    assert scene.deliver().outcome["ErrorCode"] == "NOT_AN_IMAGE"
    assert scene.models.asked == []
    assert [message["ErrorCode"] for message in scene.told()] == ["NOT_AN_IMAGE"]


def test_a_failure_keeps_what_the_event_said_of_an_object_that_has_gone(scene):
    scene.bucket.objects.clear()
    outcome = scene.deliver().outcome
    assert (outcome["ErrorCode"], outcome["SourceBytes"]) == ("OBJECT_GONE", 5)


@pytest.mark.parametrize(
    ("code", "reason", "tries"),
    [
        ("InvalidImageFormatException", "CORRUPT_IMAGE", 2),
        ("ImageTooLargeException", "TOO_LARGE", 2),
        ("InvalidParameterException", "MODEL_REFUSED", 1),
        ("InvalidS3ObjectException", "MODEL_REFUSED", 2),
    ],
)
def test_what_the_model_refuses_for_good_fails_with_its_words(scene, code, reason, tries):
    scene.models.answers[V1] = Refusal(code, message="these words")
    job = scene.deliver()
    assert len(scene.models.asked) == tries
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, reason)
    assert "these words" in job.outcome["StatusMessage"]
    assert len(scene.told()) == 1


def test_an_object_that_goes_while_the_model_reads_it_is_gone(scene):
    scene.models.answers[V1] = Refusal("InvalidS3ObjectException")
    scene.models.meanwhile = scene.bucket.objects.clear
    assert scene.deliver().outcome["ErrorCode"] == "OBJECT_GONE"


@pytest.mark.parametrize("code", ["InvalidImageFormatException", "ImageTooLargeException", "InvalidS3ObjectException"])
def test_an_image_that_the_model_refuses_as_it_is_is_asked_about_once_more_made_anew(scene, code):
    scene.bucket.put(scene.image.key, LARGE)
    scene.models.answers[V1] = Refusal(code)

    def take_bytes() -> None:
        scene.models.meanwhile = lambda: scene.models.answers.update({V1: LABELS})

    scene.models.meanwhile = take_bytes
    job = scene.deliver()
    assert job.status is JobStatus.SUCCEEDED
    assert [set(asked["Image"]) for asked in scene.models.asked] == [{"S3Object"}, {"Bytes"}]
    assert job.outcome["Changes"]


def test_what_was_done_to_an_image_is_in_its_result(scene):
    scene.bucket.put(scene.image.key, oriented(6))
    job = scene.deliver()
    assert any("orientation" in change for change in job.outcome["Changes"])
    assert "Bytes" in scene.models.asked[0]["Image"]
    assert scene.told()[0]["Changes"] == job.outcome["Changes"]


def test_a_project_that_wants_annotated_copies_gets_the_key_of_each_before_the_result_is_told(scene):
    job = scene.deliver(ProjectSettings(annotate=True))
    place = {"S3Bucket": "objects", "S3ObjectName": f"annotated/digits/{job.id}.jpg"}
    assert job.outcome["AnnotatedImage"] == place
    assert scene.bucket.written[place["S3ObjectName"]].startswith(b"\xff\xd8")
    assert scene.told()[0]["AnnotatedImage"] == place


def test_thresholds_by_label_cut_what_a_lower_threshold_was_asked_for(scene):
    scene.models.answers[V1] = [{"Name": "dent", "Confidence": 95.0}, {"Name": "crack", "Confidence": 60.0}]
    job = scene.deliver(ProjectSettings(min_confidence=50, label_thresholds={"crack": 90}, max_results=1))
    assert scene.models.asked[0]["MinConfidence"] == 50
    assert "MaxResults" not in scene.models.asked[0]
    assert [label["Name"] for label in job.outcome["CustomLabels"]] == ["dent"]


@pytest.mark.parametrize("code", ["ResourceNotReadyException", "ResourceNotFoundException"])
def test_an_image_waits_while_its_model_sleeps(scene, code):
    scene.models.answers[V1] = Refusal(code)
    with pytest.raises(ModelAsleepError, match=V1):
        scene.deliver()
    assert len(scene.models.asked) == 1
    assert scene.standing().status is JobStatus.IN_PROGRESS
    assert scene.told() == []


def test_an_image_waits_where_no_version_was_ever_promoted(scene):
    scene.registry_table.items.clear()
    with pytest.raises(ModelAsleepError, match="digits has no active model version yet"):
        scene.deliver()
    assert scene.models.asked == []


def test_a_version_asleep_has_the_pointer_read_once_more_and_the_job_pinned_to_the_new_version(scene):
    scene.models.answers |= {V1: Refusal("ResourceNotReadyException"), V2: LABELS}
    scene.detector.eyes.registry.active_version("digits")
    scene.promote(V2)
    reads = scene.pointer_reads
    job = scene.deliver()
    assert scene.pointer_reads == reads + 1
    assert [asked["ProjectVersionArn"] for asked in scene.models.asked] == [V1, V2]
    assert (job.status, job.project_version_arn) == (JobStatus.SUCCEEDED, V2)
    assert scene.told()[0]["ProjectVersionArn"] == V2


def test_a_new_version_that_sleeps_too_leaves_the_job_pinned_to_it(scene):
    scene.models.answers = {arn: Refusal("ResourceNotReadyException") for arn in (V1, V2)}
    scene.detector.eyes.registry.active_version("digits")
    scene.promote(V2)
    with pytest.raises(ModelAsleepError, match=V2):
        scene.deliver()
    assert scene.standing().project_version_arn == V2


def test_an_image_that_came_before_the_first_version_is_pinned_to_it_when_it_is_there(scene):
    scene.registry_table.items.clear()
    with pytest.raises(ModelAsleepError):
        scene.deliver()
    scene.promote(V1)
    assert scene.deliver().project_version_arn == V1


def test_a_redelivery_keeps_the_pinned_version_while_it_runs(scene):
    scene.models.answers[V1] = Refusal("ThrottlingException")
    with pytest.raises(OutOfTimeError):
        scene.deliver()
    scene.models.answers |= {V1: LABELS, V2: []}
    scene.promote(V2)
    scene.detector = scene.new_process()
    assert scene.deliver().project_version_arn == V1


def test_a_failure_after_a_new_pin_is_told_of_the_new_version(scene):
    scene.models.answers |= {
        V1: Refusal("ResourceNotReadyException"),
        V2: Refusal("InvalidImageFormatException"),
    }
    scene.detector.eyes.registry.active_version("digits")
    scene.promote(V2)
    assert scene.deliver().outcome["ProjectVersionArn"] == V2


def test_what_is_our_fault_leaves_the_job_open_and_passes_through(scene):
    scene.models.answers[V1] = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        scene.deliver()
    assert scene.standing().status is JobStatus.IN_PROGRESS
    assert scene.told() == []


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException"])
def test_an_object_that_we_may_not_read_is_our_fault_and_no_result(scene, code):
    scene.bucket.refusals[scene.image.key] = Refusal(code, 403)
    with pytest.raises(ClientError, match=code):
        scene.deliver()
    assert scene.standing().status is JobStatus.IN_PROGRESS


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_throttled_image_is_asked_about_again_until_there_is_no_time_left(scene, code):
    scene.models.answers[V1] = Refusal(code)
    with pytest.raises(OutOfTimeError):
        scene.deliver()
    assert len(scene.models.asked) > 10
    assert scene.time() <= SECONDS - 15
    assert scene.standing().status is JobStatus.IN_PROGRESS
    assert "LeaseHolder" not in scene.item()
    assert scene.told() == []


def test_a_throttle_that_passes_leaves_no_mark_on_the_result(scene):
    refusals = [Refusal("ThrottlingException")] * 3

    def relent() -> None:
        scene.models.answers[V1] = refusals.pop() if refusals else LABELS

    scene.models.meanwhile = relent
    assert scene.deliver().outcome["CustomLabels"] == LABELS
    assert len(scene.models.asked) == 4
    assert "Crashes" not in scene.item()


@pytest.mark.parametrize("refusal", [Refusal("InternalServerError", 500), Refusal("Surprise", 503)])
def test_a_broken_call_is_made_three_times_and_then_left_to_another_delivery(scene, refusal):
    scene.models.answers[V1] = refusal
    with pytest.raises(ClientError):
        scene.deliver()
    assert len(scene.models.asked) == 3
    scene.models.answers[V1] = LABELS
    assert scene.deliver().status is JobStatus.SUCCEEDED


def test_a_duplicate_of_a_job_that_was_told_of_does_nothing_more(scene):
    first = scene.deliver()
    reads = scene.bucket.reads
    second = scene.deliver()
    assert second.outcome == first.outcome
    assert (len(scene.told()), len(scene.models.asked), scene.bucket.reads) == (1, 1, reads)


def test_a_crash_between_write_and_publish_is_mended_by_the_next_delivery_with_one_publish(scene):
    scene.topic.refuse_next = Refusal("InternalError", 500)
    with pytest.raises(ClientError, match="InternalError"):
        scene.deliver()
    assert scene.standing().unnotified
    assert scene.told() == []
    scene.deliver()
    scene.deliver()
    assert len(scene.told()) == 1
    assert len(scene.models.asked) == 1


def test_a_crash_after_the_publish_tells_once_more_rather_than_never(scene):
    mark = scene.results_table.update_item

    def crash(**said):
        if said["UpdateExpression"].startswith("REMOVE"):
            raise Refusal("InternalServerError", 500)
        return mark(**said)

    scene.results_table.update_item = crash
    with pytest.raises(ClientError, match="InternalServerError"):
        scene.deliver()
    scene.results_table.update_item = mark
    scene.deliver()
    scene.deliver()
    assert [message["JobId"] for message in scene.told()] == [job_id(scene.image, "digits")] * 2


def test_of_two_deliveries_at_once_one_looks_and_the_other_comes_back_when_it_has_ended(scene):
    def other_delivery():
        scene.models.meanwhile = lambda: None
        with pytest.raises(BusyError) as busy:
            scene.deliver()
        assert busy.value.until == NOW + SECONDS + 5

    scene.models.meanwhile = other_delivery
    assert scene.deliver().outcome["CustomLabels"] == LABELS
    assert len(scene.models.asked) == len(scene.told()) == 1


def test_overwrites_of_one_key_are_a_job_each_whatever_order_they_come_in(scene):
    scene.bucket.put(scene.image.key, picture(), version="v2")
    first = scene.image
    for version in ("v2", "v1", "v2"):
        scene.image = replace(first, version=version)
        scene.deliver()
    assert [message["Image"]["S3ObjectVersion"] for message in scene.told()] == ["v2", "v1"]


# --- Deaths -------------------------------------------------------------------------------------------------


def test_an_image_that_a_delivery_died_of_is_looked_at_only_when_it_is_alone(scene):
    scene.die()
    with pytest.raises(SuspectError):
        scene.deliver()
    assert scene.deliver(alone=True).status is JobStatus.SUCCEEDED
    assert len(scene.told()) == 1


def test_waiting_to_be_alone_is_no_death(scene):
    scene.die()
    for _ in range(5):
        with pytest.raises(SuspectError):
            scene.deliver()
        scene.time.now += 2 * SECONDS
    assert scene.item()["Crashes"] == 1


def test_an_image_that_three_deliveries_died_of_is_not_looked_at_again(scene):
    for _ in range(3):
        scene.die(alone=True)
    asked = len(scene.models.asked)
    job = scene.deliver()
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "CRASHED")
    assert "3 times" in job.outcome["StatusMessage"]
    assert len(scene.models.asked) == asked
    assert [message["ErrorCode"] for message in scene.told()] == ["CRASHED"]


def test_an_image_that_is_handed_back_in_order_has_not_killed_anybody(scene):
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    for _ in range(5):
        with pytest.raises(ModelAsleepError):
            scene.deliver()
        scene.time.now += 1000
    scene.models.answers[V1] = LABELS
    assert scene.deliver().status is JobStatus.SUCCEEDED


# --- The last chance ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ResourceNotReadyException", "ThrottlingException", "InternalServerError"])
def test_an_image_that_would_be_lost_before_it_comes_back_expires(scene, code):
    scene.models.answers[V1] = Refusal(code)
    job = scene.deliver(last=True)
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "EXPIRED")
    assert [message["ErrorCode"] for message in scene.told()] == ["EXPIRED"]


def test_what_is_our_fault_does_not_expire_but_is_buried(scene):
    scene.models.answers[V1] = Refusal("AccessDeniedException")
    with pytest.raises(ClientError):
        scene.deliver(last=True)


# --- Requests -----------------------------------------------------------------------------------------------

OTHER = "arn:aws:sns:eu-west-1:123456789012:other"


def test_a_run_is_a_job_of_its_own_with_the_version_that_it_names(scene):
    scene.deliver()
    scene.models.answers[V2] = []
    job = scene.deliver(request=DetectionRequest(project="digits", run="again", project_version_arn=V2))
    assert job.id == job_id(scene.image, "digits", "again")
    assert (job.outcome["Run"], job.project_version_arn) == ("again", V2)
    assert scene.standing().project_version_arn == V1


def test_a_request_for_a_version_that_sleeps_waits_for_that_version(scene):
    scene.models.answers[V2] = Refusal("ResourceNotReadyException")
    with pytest.raises(ModelAsleepError, match=V2):
        scene.deliver(request=DetectionRequest(project="digits", run="again", project_version_arn=V2))
    assert [asked["ProjectVersionArn"] for asked in scene.models.asked] == [V2]


def test_a_request_without_a_run_for_an_image_that_has_its_result_looks_no_more(scene):
    scene.deliver()
    scene.deliver(request=DetectionRequest(project="digits"))
    assert len(scene.models.asked) == len(scene.told()) == 1


def test_a_requests_tag_stands_instead_of_the_objects_own(scene):
    assert scene.deliver(request=DetectionRequest(project="digits", job_tag="asked")).outcome["JobTag"] == "asked"


def test_a_requests_topic_hears_of_the_image_beside_the_results_topic(scene):
    scene.deliver(request=DetectionRequest(project="digits", notification_topic=OTHER))
    assert len(scene.told()) == len(scene.told(OTHER)) == 1


def test_a_requests_topic_hears_of_an_image_whose_delivery_died_before_it_told(scene):
    scene.topic.refuse_next = Refusal("InternalError", 500)
    with pytest.raises(ClientError):
        scene.deliver(request=DetectionRequest(project="digits", notification_topic=OTHER))
    scene.deliver()  # of the upload's own event
    assert len(scene.told()) == len(scene.told(OTHER)) == 1


def test_a_request_that_comes_after_the_result_still_hears_of_it(scene):
    scene.deliver()
    scene.deliver(request=DetectionRequest(project="digits", notification_topic=OTHER))
    assert len(scene.told()) == len(scene.told(OTHER)) == 1


@pytest.mark.parametrize("uploaded_before", [False, True])
def test_the_last_image_of_a_start_job_ends_it_and_tells_its_topic_once(scene, uploaded_before):
    start = StartJob(id="5" * 32, project="digits", created_at=0, notification_topic=OTHER)
    scene.results.starts.open(start, now=NOW)
    scene.results.starts.set_total(start.id, 1, now=1)
    if uploaded_before:
        scene.deliver()
    for _ in range(2):
        scene.deliver(request=DetectionRequest(project="digits", start_job_id=start.id))
    ended = scene.results.starts.get(start.id)
    assert (ended.status, ended.done, ended.failed, ended.unnotified) == (JobStatus.SUCCEEDED, 1, 0, False)
    assert [(message["JobId"], message["Total"]) for message in scene.told(OTHER)] == [(start.id, 1)]
    assert len(scene.told(TOPIC)) == 1


def test_a_video_of_a_project_without_videos_is_refused_and_says_what_to_set(scene):
    scene.image = replace(scene.image, key="videos/digits/a.mp4")
    scene.bucket.put(scene.image.key, b"a film")
    job = scene.deliver(settings=None, project="unknown", videos_of="digits")
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "VIDEOS_NOT_ENABLED")
    (told,) = scene.told()
    assert (told["API"], told["Video"]["S3ObjectName"]) == ("StartLabelDetection", "videos/digits/a.mp4")
