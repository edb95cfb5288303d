"""A video to a job of Rekognition's: once for each object version, as many as the quota allows, none too long."""

import pytest
from botocore.exceptions import ClientError

from lambdas.jobs import JobStatus
from lambdas.start_video.starting import OVERDUE_MILLIS
from lambdas.videos import VIDEO_API
from tests.unit.aws import Refusal
from tests.unit.lambdas.scene import NOW
from tests.unit.lambdas.video_scene import CHANNEL, FILM, VideoScene
from tests.unit.rekognition.drawn_videos import video


@pytest.fixture
def scene():
    return VideoScene()


def test_a_video_is_in_progress_under_the_services_job_id(scene):
    job = scene.start()
    (job_id,) = scene.jobs.ids.values()
    assert (job.id, job.status, job.api) == (job_id, JobStatus.IN_PROGRESS, VIDEO_API)
    assert scene.queries.job(job_id) == job
    assert scene.queries.by_image("images", scene.video.key).entries == (job,)
    assert NOW * 1000 + 2000 <= job.due_at - OVERDUE_MILLIS <= NOW * 1000 + 2200
    assert scene.told() == []


def test_the_service_is_asked_for_the_version_with_the_projects_settings_and_its_channel(scene):
    scene.video = scene.put("b.mp4", FILM, job_tag="lot-7")
    scene.start(min_confidence=80, include_labels=("Car",), exclude_labels=("Dog",))
    (asked,) = scene.jobs.asked
    assert len(asked.pop("ClientRequestToken")) == 32
    assert asked == {
        "Video": {"S3Object": {"Bucket": "images", "Name": scene.video.key, "Version": "v1"}},
        "NotificationChannel": CHANNEL,
        "Features": ["GENERAL_LABELS"],
        "MinConfidence": 80,
        "Settings": {"GeneralLabels": {"LabelInclusionFilters": ["Car"], "LabelExclusionFilters": ["Dog"]}},
        "JobTag": "lot-7",
    }


def test_a_tag_that_the_service_would_refuse_is_kept_for_the_result_alone(scene):
    scene.video = scene.put("b.mp4", FILM, job_tag="lot 7, line 3")
    job = scene.start()
    assert "JobTag" not in scene.jobs.asked[0]
    assert job.job_tag == scene.item(job.id)["JobTag"] == "lot 7, line 3"


def test_the_same_event_again_asks_for_nothing(scene):
    first = scene.start()
    assert scene.start() == first
    assert len(scene.jobs.asked) == 1


def test_a_delivery_that_died_after_the_start_is_made_good_with_the_same_request(scene):
    def die(**_):
        raise Refusal("InternalServerError", 500)

    scene.table.transact_write_items = die
    with pytest.raises(ClientError):
        scene.start(min_confidence=80)
    del scene.table.transact_write_items
    job = scene.start(min_confidence=20)  # the settings were deployed anew meanwhile
    assert scene.jobs.asked[0] == scene.jobs.asked[1]
    assert list(scene.jobs.ids.values()) == [job.id]


def test_a_video_that_was_started_does_not_fail_by_settings_that_came_later(scene):
    first = scene.start()
    assert scene.start(max_minutes=0.01) == first
    assert scene.told() == []


def test_a_full_quota_is_no_failure(scene):
    scene.jobs.quota = 0
    with pytest.raises(ClientError, match="LimitExceededException"):
        scene.start()
    assert scene.told() == []
    scene.jobs.quota = 1
    assert scene.start().status is JobStatus.IN_PROGRESS


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"These are notes.", "NOT_A_VIDEO"),
        (b"", "EMPTY_OBJECT"),
        (FILM[:-400], "CORRUPT_VIDEO"),
    ],
)
def test_what_is_no_video_fails_with_the_reason_and_asks_for_nothing(scene, body, code):
    job = scene.start(scene.put("b.mp4", body, job_tag="lot-7"))
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, code)
    (told,) = scene.told()
    assert (told["ErrorCode"], told["API"], told["Video"]) == (code, VIDEO_API, job.image.to_json())
    assert scene.jobs.asked == []


def test_a_video_over_the_maximum_is_refused_before_it_is_paid_for(scene):
    job = scene.start(scene.put("long.mp4", video(seconds=4.0)), max_minutes=0.05)
    assert job.outcome["ErrorCode"] == "VIDEO_TOO_LONG"
    assert "max_minutes is 0.05" in job.outcome["StatusMessage"]
    assert scene.jobs.asked == []


def test_a_video_at_the_maximum_is_taken(scene):
    assert scene.start(max_minutes=2.1 / 60).status is JobStatus.IN_PROGRESS


def test_a_video_of_too_many_bytes_is_refused(scene):
    scene.bucket.sizes[scene.video.key] = 11 * 1024**3
    job = scene.start()
    assert job.outcome["ErrorCode"] in ("TOO_LARGE", "CORRUPT_VIDEO")
    assert scene.jobs.asked == []


def test_a_video_that_is_gone_fails(scene):
    scene.bucket.objects.clear()
    assert scene.start().outcome["ErrorCode"] == "OBJECT_GONE"


@pytest.mark.parametrize(
    ("refused", "code"), [("InvalidS3ObjectException", "MODEL_REFUSED"), ("VideoTooLargeException", "TOO_LARGE")]
)
def test_what_the_service_refuses_fails_with_its_reason(scene, refused, code):
    scene.jobs.refuse_next = [Refusal(refused, message="not this one")]
    job = scene.start()
    assert job.outcome["ErrorCode"] == code
    assert "not this one" in job.outcome["StatusMessage"]


@pytest.mark.parametrize("refused", ["AccessDeniedException", "InvalidParameterException", "ThrottlingException"])
def test_what_is_not_the_videos_fault_is_not_its_result(scene, refused):
    scene.jobs.refuse_next = [Refusal(refused)]
    with pytest.raises(ClientError, match=refused):
        scene.start()
    assert scene.told() == []


@pytest.mark.parametrize("refused", ["AccessDeniedException", "InvalidParameterException"])
def test_what_was_refused_for_a_fault_of_ours_is_asked_anew_by_what_is_deployed_then(scene, refused):
    scene.jobs.refuse_next = [Refusal(refused)]
    with pytest.raises(ClientError, match=refused):
        scene.start(include_labels=("Kar",))
    scene.start(include_labels=("Car",))
    filters = [asked["Settings"]["GeneralLabels"]["LabelInclusionFilters"] for asked in scene.jobs.asked]
    assert filters == [["Kar"], ["Car"]]


@pytest.mark.parametrize("refused", ["LimitExceededException", "IdempotentParameterMismatchException"])
def test_what_may_yet_be_taken_or_has_been_is_asked_again_as_it_was(scene, refused):
    scene.jobs.refuse_next = [Refusal(refused)]
    with pytest.raises(ClientError, match=refused):
        scene.start(min_confidence=80)
    scene.start(min_confidence=20)
    assert scene.jobs.asked[0] == scene.jobs.asked[1]


def test_a_request_that_another_delivery_has_begun_with_is_not_forgotten(scene):
    def late(**_):
        del scene.jobs.start_label_detection
        scene.start()
        raise Refusal("AccessDeniedException")

    scene.jobs.start_label_detection = late
    with pytest.raises(ClientError, match="AccessDeniedException"):
        scene.start()
    assert scene.start().id in scene.jobs.ids.values()
    assert len(scene.jobs.asked) == 1


def test_a_video_that_has_failed_is_not_looked_at_again_whatever_has_changed(scene):
    scene.jobs.quota = 0
    first = scene.start(last=True)
    scene.jobs.quota = 20
    asked = len(scene.jobs.asked)
    again = scene.start()
    assert (again.id, again.outcome) == (first.id, first.outcome)
    assert (len(scene.jobs.asked), len(scene.told())) == (asked, 1)


def test_a_video_that_has_failed_and_that_nobody_was_told_of_is_told_of(scene):
    scene.topic.refuse_next = Refusal("AuthorizationError", 403)
    with pytest.raises(ClientError):
        scene.start(max_minutes=0.01)
    assert scene.start().outcome["ErrorCode"] == "VIDEO_TOO_LONG"
    assert [told["ErrorCode"] for told in scene.told()] == ["VIDEO_TOO_LONG"]
    assert scene.jobs.asked == []


def test_a_video_whose_result_has_expired_is_left_alone(scene):
    job = scene.start()
    scene.jobs.end(job.id)
    scene.collect(job.id)
    for key in [key for key in scene.table.items if key[0] == f"JOB#{job.id}"]:
        del scene.table.items[key]
    standing = dict(scene.table.items)
    assert scene.start() is None
    assert (scene.table.items, len(scene.jobs.asked), len(scene.told())) == (standing, 1, 1)


def test_a_video_whose_queue_keeps_it_no_longer_expires(scene):
    scene.jobs.quota = 0
    job = scene.start(last=True)
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, "EXPIRED")


def test_a_refused_grant_does_not_make_a_video_expire(scene):
    scene.jobs.refuse_next = [Refusal("AccessDeniedException")]
    with pytest.raises(ClientError):
        scene.start(last=True)


def test_a_failed_video_is_told_of_once_however_often_it_is_delivered(scene):
    ref = scene.put("b.mp4", b"These are notes.")
    scene.start(ref)
    scene.start(ref)
    assert len(scene.told()) == 1
