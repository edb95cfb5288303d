"""An image that is moderated before the model looks at it, whatever happens on the way."""

import pytest
from botocore.exceptions import ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.moderating import ReviewRefusedError
from lambdas.errors import ModelAsleepError
from lambdas.images import job_id
from lambdas.jobs import JobStatus
from lambdas.moderation_settings import Action, DataAttribute, HumanReview, ModerationSettings
from lambdas.settling import Ending, Grave, grave
from lambdas.work_messages import Reason
from tests.unit.aws import Refusal
from tests.unit.lambdas.pictures import oriented
from tests.unit.lambdas.scene import LABELS, LARGE, SECONDS, V1, V2, Scene
from tests.unit.lambdas.services import HUMAN_LOOPS

GAMBLING = [{"Name": "Gambling", "ParentName": "", "Confidence": 91.5, "TaxonomyLevel": 1}]
FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/unsafe"
REVIEW = HumanReview(
    flow_definition_arn=FLOW, output_bucket="answers", data_attributes=(DataAttribute.FREE_OF_PERSONAL_DATA,)
)
ASKED = ProjectSettings(moderation=ModerationSettings(), annotate=True)
BLOCKING = ProjectSettings(moderation=ModerationSettings(policy={"Gambling": Action.BLOCK}), annotate=True)
REVIEWED = ProjectSettings(moderation=ModerationSettings(human_review=REVIEW))


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def loop(scene):
    """Return the name that the review of the scene's image must have."""
    return f"demo-{job_id(scene.image, 'digits')}"


def test_without_the_setting_nothing_is_moderated(scene):
    job = scene.deliver()
    assert scene.models.moderated == []
    assert "Moderation" not in job.outcome
    assert "Moderation" not in scene.topic.published[0]["MessageAttributes"]


def test_a_clean_image_passes_and_is_detected(scene):
    job = scene.deliver(ASKED)
    assert (job.outcome["Moderation"], job.outcome["ModerationLabels"]) == ("PASSED", [])
    assert job.outcome["CustomLabels"] == LABELS
    assert scene.models.moderated == [{"Image": scene.models.asked[0]["Image"], "MinConfidence": 50}]


def test_a_flagged_image_is_detected_and_its_result_says_why(scene):
    scene.models.moderation = GAMBLING
    job = scene.deliver(ASKED)
    (message,) = scene.told()
    for said in (job.outcome, message, scene.item()):
        assert (said["Moderation"], said["ModerationLabels"]) == ("FLAGGED", GAMBLING)
        assert said["ModerationModelVersion"] == "7.0"
        assert said["CustomLabels"] == LABELS
    assert scene.topic.published[0]["MessageAttributes"]["Moderation"]["StringValue"] == "FLAGGED"


def test_a_blocked_image_succeeds_unseen_by_the_model_and_without_a_copy(scene):
    scene.models.moderation = GAMBLING
    job = scene.deliver(BLOCKING)
    assert job.status is JobStatus.SUCCEEDED
    assert scene.models.asked == []
    assert scene.bucket.written == {}
    (message,) = scene.told()
    for said in (job.outcome, message, scene.item()):
        assert (said["Moderation"], said["ModerationLabels"]) == ("BLOCKED", GAMBLING)
        assert not {"CustomLabels", "DetectMillis", "AnnotatedImage"} & said.keys()
    assert scene.topic.published[0]["MessageAttributes"]["Moderation"]["StringValue"] == "BLOCKED"


def test_a_blocked_image_needs_no_model_at_all(scene):
    scene.models.moderation = GAMBLING
    scene.registry_table.items.clear()
    assert scene.deliver(BLOCKING).outcome["Moderation"] == "BLOCKED"


def test_moderation_sees_what_the_model_is_to_see(scene):
    scene.bucket.put(scene.image.key, oriented(6))
    scene.deliver(ASKED)
    assert set(scene.models.moderated[0]["Image"]) == {"Bytes"}
    assert scene.models.moderated[0]["Image"] == scene.models.asked[0]["Image"]


def test_an_image_that_people_may_look_at_goes_by_reference_however_small_it_is(scene):
    scene.deliver(REVIEWED)
    s3_object = {"Bucket": "images", "Name": "digits/a.png", "Version": "v1"}
    assert scene.models.moderated[0]["Image"] == {"S3Object": s3_object}
    assert set(scene.models.asked[0]["Image"]) == {"Bytes"}


def test_an_image_that_people_may_look_at_goes_as_it_was_made_where_it_had_to_be(scene):
    scene.bucket.put(scene.image.key, oriented(6))
    scene.deliver(REVIEWED)
    assert set(scene.models.moderated[0]["Image"]) == {"Bytes"}


def test_an_image_whose_model_sleeps_is_not_moderated_again_when_it_comes_back(scene):
    scene.models.moderation = GAMBLING
    scene.models.answers[V1] = Refusal("ResourceNotReadyException")
    with pytest.raises(ModelAsleepError):
        scene.deliver(REVIEWED)
    scene.models.answers[V1] = LABELS
    job = scene.deliver(REVIEWED)
    assert len(scene.models.moderated) == 1
    assert (job.outcome["Moderation"], job.outcome["CustomLabels"]) == ("FLAGGED", LABELS)
    assert job.outcome["HumanLoopActivationOutput"]["HumanLoopArn"].startswith(HUMAN_LOOPS)


def test_an_image_at_which_a_delivery_died_after_its_moderation_is_not_moderated_again(scene):
    scene.die(settings=REVIEWED)
    job = scene.deliver(REVIEWED, alone=True)
    assert len(scene.models.moderated) == 1
    assert job.outcome["Moderation"] == "PASSED"


def test_a_job_that_moves_to_another_model_version_keeps_its_moderation(scene):
    scene.models.moderation = GAMBLING
    scene.models.answers |= {V1: Refusal("ResourceNotReadyException"), V2: LABELS}
    scene.detector.eyes.registry.active_version("digits")
    scene.models.meanwhile = lambda: scene.promote(V2)
    job = scene.deliver(ASKED)
    assert (job.outcome["ProjectVersionArn"], job.outcome["Moderation"]) == (V2, "FLAGGED")
    assert len(scene.models.moderated) == 1


def test_people_review_under_a_name_that_is_the_same_at_each_delivery(scene, loop):
    job = scene.deliver(REVIEWED)
    assert scene.models.moderated[0]["HumanLoopConfig"] == {
        "HumanLoopName": loop,
        "FlowDefinitionArn": FLOW,
        "DataAttributes": {"ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation"]},
    }
    output = {"HumanLoopArn": HUMAN_LOOPS + loop, "HumanLoopActivationReasons": ["ConditionsEvaluation"]}
    assert job.outcome["HumanLoopActivationOutput"] == output
    assert scene.told()[0]["HumanLoopActivationOutput"] == output


@pytest.mark.parametrize("code", ["InvalidParameterException", "ConflictException"])
def test_a_review_that_a_dead_delivery_began_is_found_and_none_is_begun_twice(scene, loop, code):
    scene.models.human_loops.add(loop)
    scene.models.review_refused = Refusal(code)
    job = scene.deliver(REVIEWED)
    assert job.outcome["HumanLoopActivationOutput"] == {"HumanLoopArn": HUMAN_LOOPS + loop}
    assert job.outcome["CustomLabels"] == LABELS
    assert ["HumanLoopConfig" in asked for asked in scene.models.moderated] == [True, False]


def test_a_review_that_is_refused_for_another_reason_is_a_dead_letter_and_no_failed_image(scene):
    scene.models.review_refused = Refusal("InvalidParameterException", message="no such template")
    with pytest.raises(ReviewRefusedError, match=r"flow-definition/unsafe.*no such template") as caught:
        scene.deliver(REVIEWED)
    assert scene.standing().status is JobStatus.IN_PROGRESS
    assert scene.models.asked == []
    letter = Ending(message=None, job=None, error=caught.value)  # type: ignore[arg-type]
    assert grave(letter) == Grave(Reason.CALL_REFUSED, "InvalidParameterException")


def test_an_image_goes_back_while_no_more_reviews_fit(scene):
    scene.models.review_refused = Refusal("HumanLoopQuotaExceededException")
    with pytest.raises(ClientError, match="HumanLoopQuotaExceeded") as caught:
        scene.deliver(REVIEWED)
    assert grave(Ending(message=None, job=None, error=caught.value)) is None  # type: ignore[arg-type]
    scene.models.review_refused = None
    assert scene.deliver(REVIEWED).outcome["CustomLabels"] == LABELS


@pytest.mark.parametrize(
    ("code", "reason", "tries"),
    [
        ("InvalidImageFormatException", "CORRUPT_IMAGE", 2),
        ("ImageTooLargeException", "TOO_LARGE", 2),
        ("InvalidParameterException", "MODERATION_REFUSED", 1),
        ("InvalidS3ObjectException", "MODERATION_REFUSED", 2),
    ],
)
def test_what_moderation_refuses_for_good_fails_with_its_words_and_no_model_is_asked(scene, code, reason, tries):
    scene.models.moderation = Refusal(code, message="these words")
    job = scene.deliver(ASKED)
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, reason)
    assert "DetectModerationLabels" in job.outcome["StatusMessage"]
    assert "these words" in job.outcome["StatusMessage"]
    assert (len(scene.models.moderated), scene.models.asked) == (tries, [])


def test_an_image_that_moderation_refuses_as_it_is_is_made_anew_for_both(scene):
    scene.bucket.put(scene.image.key, LARGE)
    scene.models.moderation = Refusal("InvalidImageFormatException")
    moderate = scene.models.detect_moderation_labels

    def once_only(**said):
        try:
            return moderate(**said)
        finally:
            scene.models.moderation = []

    scene.models.detect_moderation_labels = once_only
    assert scene.deliver(ASKED).status is JobStatus.SUCCEEDED
    assert [set(asked["Image"]) for asked in scene.models.moderated] == [{"S3Object"}, {"Bytes"}]
    assert [set(asked["Image"]) for asked in scene.models.asked] == [{"Bytes"}]


def test_throttled_moderation_is_asked_again_while_there_is_time(scene):
    answers = iter([Refusal("ThrottlingException", 500), Refusal("ProvisionedThroughputExceededException"), []])
    moderate = scene.models.detect_moderation_labels

    def in_turn(**said):
        scene.models.moderation = next(answers)
        return moderate(**said)

    scene.models.detect_moderation_labels = in_turn
    assert scene.deliver(ASKED).outcome["Moderation"] == "PASSED"
    assert 0 < scene.time() < SECONDS


def test_a_missing_grant_for_moderation_is_ours_and_fails_no_image(scene):
    scene.models.moderation = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        scene.deliver(ASKED)
    assert scene.standing().status is JobStatus.IN_PROGRESS


def test_a_moderated_image_that_the_model_refuses_says_both(scene):
    scene.models.moderation = GAMBLING
    scene.models.answers[V1] = Refusal("InvalidParameterException")
    job = scene.deliver(ASKED)
    assert (job.outcome["ErrorCode"], job.outcome["Moderation"]) == ("MODEL_REFUSED", "FLAGGED")
    assert scene.told()[0]["Moderation"] == "FLAGGED"
