"""Train: read the data, learn, measure, write the results."""

from __future__ import annotations

from collections.abc import Callable

from local.rekognition.datasets import Failure, TrainingFailedError, UseCase, read_data_sets
from local.rekognition.evaluation import evaluate
from local.rekognition.learning.image_labels import learn_image_labels
from local.rekognition.learning.localization import learn_localization
from local.rekognition.learning.threads import one_core
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.orders import Order, Outcome, TrainedModel
from local.rekognition.results import write_results

READY = "The model is ready to run."


def train(order: Order, objects: ObjectStore, now: Callable[[], float]) -> Outcome:
    """Return the trained model or why there is none."""
    try:
        with one_core():
            return _train(order, objects, now)
    except TrainingFailedError as error:
        given = order.request
        results = {
            "TrainingDataResult": {"Input": given["TrainingData"]},
            "TestingDataResult": {"Input": given["TestingData"]},
        }
        return Outcome(error.failure.value, results=results)


def _train(order: Order, objects: ObjectStore, now: Callable[[], float]) -> Outcome:
    use_case, training, testing = read_data_sets(order, objects)
    learn = learn_localization if use_case is UseCase.OBJECT_LOCALIZATION else learn_image_labels
    model = learn(training.examples)
    predictions = [model.predict(example.image) for example in testing.examples]
    evaluation = evaluate(sorted(training.labels), testing.examples, predictions)
    try:
        results = write_results(order, objects, use_case, training, testing, evaluation, now())
    except ObjectUnavailableError as error:
        raise TrainingFailedError(Failure.CANNOT_WRITE_OUTPUT_S3_BUCKET) from error
    thresholds = {metrics.label: metrics.threshold for metrics in evaluation.labels}
    return Outcome(READY, TrainedModel(model, thresholds), results)
