import pytest

from cli.thresholds import Prediction, predictions_of, suggested

DETAILS = "rekognition-custom-labels-evaluation-details"


def said(*pairs):
    return [Prediction("seven", confidence, right) for confidence, right in pairs]


PREDICTIONS = said((99, True), (95, True), (90, False), (80, True), (40, False), (30, True))


@pytest.mark.parametrize(
    ("precision", "threshold", "recall"),
    [(1.0, 95, 0.5), (0.75, 80, 0.75), (0.6, 30, 1.0)],
)
def test_a_precision_is_reached_with_the_most_that_can_be_found(precision, threshold, recall):
    found = suggested("seven", 50.0, PREDICTIONS, precision, None)
    assert (found.threshold, found.recall) == (threshold, recall)
    assert found.precision >= precision


@pytest.mark.parametrize(("recall", "threshold", "precision"), [(0.5, 95, 1.0), (0.75, 80, 0.75), (1.0, 30, 4 / 6)])
def test_a_recall_is_reached_with_the_most_that_is_right(recall, threshold, precision):
    found = suggested("seven", 50.0, PREDICTIONS, None, recall)
    assert (found.threshold, found.precision) == (threshold, precision)
    assert found.recall >= recall


def test_what_no_threshold_reaches_is_not_suggested():
    assert suggested("seven", 50.0, said((99, False), (90, True)), 0.9, None).threshold is None


def test_a_label_that_was_never_there_has_no_threshold():
    assert suggested("seven", 50.0, said((99, False)), None, 0.5).threshold is None


def test_equal_confidences_fall_on_the_same_side():
    assert suggested("seven", 50.0, said((90, True), (90, False)), 0.9, None).threshold is None


def test_the_predictions_of_a_classified_image_are_read():
    name = "rekognition-custom-labels-evaluation-0"
    metadata = {"class-name": "seven", "confidence": 0.875, DETAILS: {"is-present-in-ground-truth": True}}
    training = {"rekognition-custom-labels-training-0": 1, "rekognition-custom-labels-training-0-metadata": {}}
    line = {"source-ref": "s3://b/k", **training, name: 1, f"{name}-metadata": metadata}
    assert list(predictions_of(line)) == [Prediction("seven", 87.5, True)]


def test_the_predictions_of_boxes_are_read():
    name = "rekognition-custom-labels-evaluation"
    objects = [{"confidence": share, DETAILS: {"is-present-in-ground-truth": share > 0.4}} for share in (0.5, 0.25)]
    metadata = {"class-map": {"0": "valve", "1": "pipe"}, "objects": objects}
    line = {name: {"annotations": [{"class_id": 1}, {"class_id": 0}]}, f"{name}-metadata": metadata}
    assert list(predictions_of(line)) == [Prediction("pipe", 50.0, True), Prediction("valve", 25.0, False)]
