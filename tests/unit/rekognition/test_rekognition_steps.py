"""The two rules that real models are too good, and real trainings too quick, to show."""

from __future__ import annotations

import dataclasses

import pytest
from PIL import Image
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Clock, MemoryObjects, drawing

from local.rekognition.context import Context
from local.rekognition.detection import detect_custom_labels
from local.rekognition.errors import ServiceError
from local.rekognition.human_loops import HumanLoops
from local.rekognition.learning.examples import Example, Prediction
from local.rekognition.learning.image_labels import features, learn_image_labels
from local.rekognition.lifecycle import Status, Version, settled
from local.rekognition.orders import Order, Outcome, TrainedModel
from local.rekognition.state import Caller, State
from local.rekognition.topics import NO_TOPICS
from local.rekognition.validation import validated
from local.rekognition.video_jobs import LabelJobs

CALLER = Caller(ACCOUNT, REGION)
ARN = CALLER.arn("project/p/version/v/2")
ORDER = Order(ARN, "p", "v", (), None, {})


class Seer:
    """A model that sees the same in every image."""

    longest_side = 64

    def predict(self, image):
        return [Prediction("rare", 0.3), Prediction("common", 0.7)]


TRAINED = Outcome("ready", TrainedModel(Seer(), {"rare": 0.2, "common": 0.8}))
IN_TRAINING = Version(ARN, CALLER.arn("project/p/1"), 0.0, ORDER, Status.TRAINING_IN_PROGRESS, 1000.0)


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        ({}, ["rare"]),
        ({"MinConfidence": 0.0}, ["common", "rare"]),
        ({"MinConfidence": 50.0}, ["common"]),
        ({"MinConfidence": 50.0, "MaxResults": 0}, []),
    ],
)
def test_each_label_is_cut_at_its_own_threshold_unless_the_caller_gives_one(request_, names):
    state = State(Clock(), DURATIONS)
    state.put_version(dataclasses.replace(IN_TRAINING, status=Status.RUNNING, outcome=TRAINED))
    request = {"ProjectVersionArn": ARN, "Image": {"Bytes": drawing("disc", 0)}} | request_
    context = Context(
        state,
        MemoryObjects(),
        begin_training=lambda version: pytest.fail(f"{version} trains"),
        begin_reading=lambda dataset: pytest.fail(f"{dataset} is read"),
        label_jobs=LabelJobs(Clock(), MemoryObjects(), NO_TOPICS),
        human_loops=HumanLoops(),
    )
    found = detect_custom_labels(context, CALLER, request)
    assert [label["Name"] for label in found["CustomLabels"]] == names


@pytest.mark.parametrize(
    ("learned_at", "now", "status"),
    [
        (None, 10_000.0, Status.TRAINING_IN_PROGRESS),  # the work takes longer than the time
        (1001.0, 1599.0, Status.TRAINING_IN_PROGRESS),  # the time takes longer than the work
        (1001.0, 1600.0, Status.TRAINING_COMPLETED),
        (1700.0, 1700.0, Status.TRAINING_COMPLETED),
    ],
)
def test_training_ends_when_both_the_time_and_the_work_are_over(learned_at, now, status):
    outcome = None if learned_at is None else TRAINED
    version = dataclasses.replace(IN_TRAINING, outcome=outcome, learned_at=learned_at)
    found = settled(version, now, DURATIONS)
    assert found.status is status
    ended = None if status is Status.TRAINING_IN_PROGRESS else max(1600.0, learned_at)
    assert found.trained_at == ended


def test_a_step_that_ended_unseen_is_dated_when_it_ended():
    starting = dataclasses.replace(IN_TRAINING, status=Status.STARTING)
    found = settled(starting, 9000.0, DURATIONS)
    assert (found.status, found.since) == (Status.RUNNING, 1000.0 + DURATIONS.starting)


def test_pictures_of_one_plain_colour_each_are_learned():
    plain = {"red": (220, 20, 20), "blue": (20, 20, 220)}
    seen = {name: features(Image.new("RGB", (80, 80), color)) for name, color in plain.items()}
    model = learn_image_labels([Example(seen[name], frozenset({name})) for name in plain] * 5)
    best = max(model.predict(Image.new("RGB", (90, 90), plain["blue"])), key=lambda prediction: prediction.confidence)
    assert best.label == "blue"


def test_a_long_text_is_refused_without_being_matched():
    request = {"DatasetArn": f"{CALLER.arn('project/p/dataset/train/1')}", "SourceRefContains": "x" * 2_000_000 + "\n"}
    with pytest.raises(ServiceError, match="sourceRefContains"):
        validated("ListDatasetEntries", request)


def test_a_training_needs_a_bucket_for_its_results(bench, project):
    request = {"ProjectArn": project, "VersionName": "v", "OutputConfig": {}}
    assert bench.error("CreateProjectVersion", **request) == "InvalidParameterException"
