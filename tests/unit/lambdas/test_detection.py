import json

import pytest
from botocore.exceptions import ClientError

from lambdas.deployment_settings import ProjectSettings
from lambdas.detect_labels.detection import Detector, detect
from lambdas.errors import ModelAsleepError
from lambdas.events import ObjectCreated
from lambdas.images import ImageRef, job_id
from lambdas.items import to_item
from lambdas.jobs import JobStatus
from lambdas.label_objects import LabelObjects
from lambdas.queries import Queries
from lambdas.registry import CachedRegistry, Registry
from lambdas.results import ResultsBusyError, ResultsTable
from tests.unit.aws import Refusal, client_of
from tests.unit.dynamodb import Table
from tests.unit.lambdas.pictures import picture
from tests.unit.lambdas.services import Bucket, Detections, Topic
from tests.unit.objects import Objects

LABELS = [{"Name": "seven", "Confidence": 98.5}]
NOW = 1_700_000_000.0
V1 = "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/version/lot.1/1700000000001"
V2 = "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/version/lot.2/1700000000002"


class Scene:
    """A deployment in memory, with one picture and one active model version."""

    def __init__(self):
        self.bucket, self.topic, self.models = Bucket(), Topic(), Detections()
        self.results_table, self.registry_table = Table(), Table()
        self.registry = Registry(client_of("dynamodb", self.registry_table), "registry")
        self.results = ResultsTable(
            client_of("dynamodb", self.results_table), "results", LabelObjects(client_of("s3", Objects()), "objects")
        )
        self.queries = Queries(self.results.dynamodb, "results")
        self.pointer_reads = 0
        self.image = ImageRef("images", "digits/a.png", "v1")
        self.bucket.put(self.image.key, picture(), job_tag="lot-7")
        self.promote(V1)
        self.models.answers[V1] = LABELS
        count = self.registry_table.get_item

        def counted(**said):
            self.pointer_reads += 1
            return count(**said)

        self.registry_table.get_item = counted
        self.s3, self.sns = client_of("s3", self.bucket), client_of("sns", self.topic)
        self.rekognition = client_of("rekognition", self.models)
        self.detector = self.new_process()

    def new_process(self):
        """Return a detector that remembers no pointer."""
        return Detector(
            s3=self.s3,
            rekognition=self.rekognition,
            sns=self.sns,
            registry=CachedRegistry(self.registry, clock=lambda: 0.0),
            results=self.results,
            results_topic_arn="arn:topic",
            clock=lambda: NOW,
        )

    def promote(self, arn):
        key = {"PK": "PROJECT#digits", "SK": "STATE"}
        self.registry_table.items["PROJECT#digits", "STATE"] = to_item(key | {"ActiveVersionArn": arn})

    def deliver(self, settings=ProjectSettings(), project="digits"):  # noqa: B008 - frozen
        return detect(self.detector, ObjectCreated(self.image, 5), project, settings)

    def told(self):
        return [json.loads(said["Message"]) for said in self.topic.published]

    def standing(self, project="digits"):
        return self.queries.job(job_id(self.image, project))


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
    assert scene.topic.published[0]["TopicArn"] == "arn:topic"
    assert not scene.standing().unnotified


def test_the_model_is_asked_for_the_very_version_of_the_object(scene):
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
    ("code", "reason"),
    [
        ("InvalidImageFormatException", "CORRUPT_IMAGE"),
        ("ImageTooLargeException", "TOO_LARGE"),
        ("InvalidParameterException", "MODEL_REFUSED"),
        ("InvalidS3ObjectException", "MODEL_REFUSED"),
    ],
)
def test_what_the_model_refuses_for_good_fails_with_its_words(scene, code, reason):
    scene.models.answers[V1] = Refusal(code, message="these words")
    job = scene.deliver()
    assert (job.status, job.outcome["ErrorCode"]) == (JobStatus.FAILED, reason)
    assert "these words" in job.outcome["StatusMessage"]
    assert len(scene.told()) == 1


def test_an_object_that_goes_while_the_model_reads_it_is_gone(scene):
    scene.models.answers[V1] = Refusal("InvalidS3ObjectException")
    scene.models.meanwhile = scene.bucket.objects.clear
    assert scene.deliver().outcome["ErrorCode"] == "OBJECT_GONE"


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
    scene.detector.registry.active_version("digits")
    scene.promote(V2)
    reads = scene.pointer_reads
    job = scene.deliver()
    assert scene.pointer_reads == reads + 1
    assert [asked["ProjectVersionArn"] for asked in scene.models.asked] == [V1, V2]
    assert (job.status, job.project_version_arn) == (JobStatus.SUCCEEDED, V2)
    assert scene.told()[0]["ProjectVersionArn"] == V2


def test_a_new_version_that_sleeps_too_leaves_the_job_pinned_to_it(scene):
    scene.models.answers = {arn: Refusal("ResourceNotReadyException") for arn in (V1, V2)}
    scene.detector.registry.active_version("digits")
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
    with pytest.raises(ClientError):
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
    scene.detector.registry.active_version("digits")
    scene.promote(V2)
    assert scene.deliver().outcome["ProjectVersionArn"] == V2


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "AccessDeniedException"]
)
def test_what_is_not_the_images_fault_leaves_the_job_open_and_passes_through(scene, code):
    scene.models.answers[V1] = Refusal(code)
    with pytest.raises(ClientError, match=code):
        scene.deliver()
    assert scene.standing().status is JobStatus.IN_PROGRESS
    assert scene.told() == []


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


def test_of_two_deliveries_at_once_one_looks_and_the_other_comes_back(scene):
    def other_delivery():
        scene.models.meanwhile = lambda: None
        with pytest.raises(ResultsBusyError, match="another delivery"):
            scene.deliver()

    scene.models.meanwhile = other_delivery
    assert scene.deliver().outcome["CustomLabels"] == LABELS
    assert len(scene.models.asked) == len(scene.told()) == 1
