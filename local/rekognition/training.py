"""Train: read the data, learn, measure, write the results."""

from __future__ import annotations

from collections.abc import Callable

from local.rekognition.evaluation import evaluate, judge
from local.rekognition.failures import DataFailedError, Failure
from local.rekognition.learning.threads import one_core
from local.rekognition.limits import DEFAULT_LIMITS, DataLimits
from local.rekognition.objects import ObjectStore, ObjectUnavailableError
from local.rekognition.orders import Order, Outcome, TrainedModel
from local.rekognition.results import Member, Output, inputs, write_evaluation, write_validation
from local.rekognition.snapshots import testing_snapshot, training_snapshot
from local.rekognition.training_checks import check
from local.rekognition.training_data import TrainingData, read_training_data

READY = "The model is ready to run."


def train(order: Order, objects: ObjectStore, now: Callable[[], float], limits: DataLimits = DEFAULT_LIMITS) -> Outcome:
    """Return the trained model or why there is none."""
    try:
        with one_core():
            return _train(Output(order, objects), now, limits)
    except DataFailedError as error:
        return Outcome(error.failure.value, results=inputs(order))


def _train(output: Output, now: Callable[[], float], limits: DataLimits) -> Outcome:
    data = read_training_data(output.order, output.objects, limits)
    failures = check(data, output.order, output.objects, limits)
    try:
        validation = write_validation(output, data, failures)
        if failures.worst is not None:
            return Outcome(failures.worst.value, results=validation)
        return _learn(output, data, validation, now)
    except ObjectUnavailableError as error:  # all reading is over
        raise DataFailedError(Failure.CANNOT_WRITE_OUTPUT_S3_BUCKET) from error


def _learn(output: Output, data: TrainingData, validation: Member, now: Callable[[], float]) -> Outcome:
    model = data.learner.learn(data.training.examples)
    tests = data.testing.examples
    predictions = [model.recognize(example.seen) for example in tests]
    evaluation = evaluate(sorted(data.training.labels), tests, predictions)
    thresholds = {metrics.label: metrics.threshold for metrics in evaluation.labels}
    ended = now()
    judged = [judge(example, found) for example, found in zip(tests, predictions, strict=True)]
    snapshots = training_snapshot(data.training, ended), testing_snapshot(data.testing, judged, thresholds, ended)
    results = write_evaluation(output, validation, data, snapshots, evaluation, ended)
    return Outcome(READY, TrainedModel(model, thresholds), results)
