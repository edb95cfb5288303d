"""detect_labels: a batch of uploaded images to labels in the results table and on the results topic."""

import time
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.clients import client
from lambdas.deployment_settings import DeploymentSettings, load_settings
from lambdas.detect_labels.detection import Detector, detect
from lambdas.detect_labels.queues import bury, let_sleep
from lambdas.environment import DetectLabels, from_environment
from lambdas.errors import Meaning, ModelAsleepError, error_code, meaning
from lambdas.events import MalformedEventError, ObjectCreated, object_created
from lambdas.jobs import Job, JobStatus
from lambdas.label_objects import LabelObjects
from lambdas.names import METRICS_NAMESPACE, UNKNOWN
from lambdas.registry import CachedRegistry, Registry
from lambdas.results import ResultsTable

logger: Final = Logger()
metrics: Final = Metrics()
# Images that failed go back alone: an invocation whose images all failed is no error of the function.
processor: Final = BatchProcessor(
    event_type=EventType.SQS,
    raise_on_entire_batch_failure=False,
    logger=logger,  # type: ignore[arg-type] # Powertools' own Logger; says why an image goes back
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Detect the labels of up to ten images; answer which messages go back to the queue."""
    metrics.set_default_dimensions(Deployment=_settings().name)
    return process_partial_response(event=event, record_handler=detect_record, processor=processor, context=context)


def detect_record(record: SQSRecord) -> None:
    """Detect one image. An error that no retry can mend takes the message to the dead-letter queue."""
    try:
        arrival = object_created(record.body)
        if _is_folder(arrival):
            metrics.add_metric("FoldersSkipped", MetricUnit.Count, 1)
            return
        project = _project_of(arrival.object.key, _settings())
        started = time.time()
        job = detect(_detector(), arrival, project, _settings().projects.get(project))
        _measure(job, started)
    except ModelAsleepError:
        let_sleep(client("sqs"), record)
        raise
    except MalformedEventError as error:
        bury(client("sqs"), record, "MALFORMED_EVENT", error)
        logger.exception("message is not an S3 event; it is in the dead-letter queue")
    except (ClientError, BotoCoreError) as error:
        if meaning(error) is Meaning.TRANSIENT:
            metrics.add_metric("ImagesThrottled", MetricUnit.Count, 1)
            raise
        code = error_code(error) if isinstance(error, ClientError) else type(error).__name__
        bury(client("sqs"), record, code, error)
        logger.exception("a call of ours was refused; the message is in the dead-letter queue")


def _project_of(key: str, settings: DeploymentSettings) -> str:
    first, slash, _ = key.partition("/")
    return first if slash and first in settings.projects else UNKNOWN


def _is_folder(arrival: ObjectCreated) -> bool:
    """Tell the zero-byte object that the S3 console makes for a folder."""
    return arrival.object.key.endswith("/") and arrival.size == 0


def _measure(job: Job, started: float) -> None:
    metrics.add_metric("DetectLatency", MetricUnit.Milliseconds, (time.time() - started) * 1000)
    if job.status is JobStatus.SUCCEEDED:
        metrics.add_metric("ImagesDetected", MetricUnit.Count, 1)
        logger.info("detected", job_id=job.id, project=job.project, labels=len(job.outcome["CustomLabels"]))
        return
    reason = job.outcome["ErrorCode"]
    with single_metric("ImagesFailed", MetricUnit.Count, 1, namespace=METRICS_NAMESPACE) as metric:
        metric.add_dimension("Deployment", _settings().name)
        metric.add_dimension("ErrorCode", reason)
    logger.warning("failed", job_id=job.id, project=job.project, error_code=reason)


@cache
def _settings() -> DeploymentSettings:
    return load_settings()


@cache
def _detector() -> Detector:
    environment = from_environment(DetectLabels)
    dynamodb = client("dynamodb")
    return Detector(
        s3=client("s3"),
        rekognition=client("rekognition"),
        sns=client("sns"),
        registry=CachedRegistry(Registry(dynamodb, environment.registry_table)),
        results=ResultsTable(
            dynamodb, environment.results_table, LabelObjects(client("s3"), environment.results_bucket)
        ),
        results_topic_arn=environment.results_topic_arn,
    )
