"""From an uploaded object to the function that looks at it."""

from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.delivery import BATCH, KEPT_SECONDS, MAX_RECEIVES, TIMEOUT_SECONDS
from lambdas.names import dead_letter_queue_name, queue_name, resource_name
from stacks.parts.alarms import alarm
from stacks.parts.dead_letter_queue import DeadLetterQueue

WORKER: Final = "detect_labels"

_KEPT: Final = Duration.seconds(KEPT_SECONDS)
_TOO_OLD: Final = Duration.days(7)  # leaves three days to do something


@dataclass(frozen=True)
class Kind:
    """What the objects of a queue are, and who works on them."""

    worker: str  # the function's verb_noun
    uploaded: str  # begins the name of the rule
    things: str
    remedy: str  # for those that wait too long


IMAGES: Final = Kind(WORKER, "uploaded", "images", "Start the project's model.")
VIDEOS: Final = Kind(
    "start_video", "videos", "videos", "Ask AWS for more concurrent stored-video jobs, or upload fewer."
)


class WorkQueue(Construct):
    """A project's rule, queue, dead-letter queue, event source and alarms."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: str,
        project: str,
        images: s3.IBucket,
        keys: list[Any],
        worker: lambda_.IFunction,
        concurrency: int,
        opened: bool,
        alarms_to: sns.ITopic,
        kind: Kind = IMAGES,
    ) -> None:
        """Make them.

        `keys` is an EventBridge pattern for object keys; `concurrency` is how many batches the worker has at a time;
        `opened` says whether it reads at once.
        """
        super().__init__(scope, id)
        self.dead = DeadLetterQueue(
            self,
            "Dead",
            name=dead_letter_queue_name(deployment, kind.worker, project),
            holds=f"{kind.things} that could not be looked at, or whose arrival could not be queued",
            alarms_to=alarms_to,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=queue_name(deployment, kind.worker, project),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_KEPT,
            # Six times the function's timeout, as Lambda asks: a throttled batch is retried within the lease.
            visibility_timeout=Duration.seconds(6 * TIMEOUT_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead.queue, max_receive_count=MAX_RECEIVES),
        )
        events.Rule(
            self,
            "Uploaded",
            rule_name=resource_name(deployment, f"{kind.uploaded}-{project}"),
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [images.bucket_name]}, "object": {"key": keys}},
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead.queue)],
        )
        # Not SqsEventSource: it would grant by the queue's ARN, and so tie the function's stack to this one.
        self.event_source = lambda_.EventSourceMapping(
            self,
            "Source",
            target=worker,
            event_source_arn=self.queue.queue_arn,
            enabled=opened,
            batch_size=BATCH,
            max_concurrency=concurrency,
            report_batch_item_failures=True,
        )
        self._alarm_when_old(queue_name(deployment, kind.worker, project), kind, alarms_to)

    def _alarm_when_old(self, name: str, kind: Kind, alarms_to: sns.ITopic) -> None:
        alarm(
            self,
            "TooOld",
            name=f"{name}-too-old",
            says=(
                f"{kind.things.capitalize()} have waited in {name} for {_TOO_OLD.to_days()} days and are lost after "
                f"{_KEPT.to_days()}. {kind.remedy}"
            ),
            metric=self.queue.metric_approximate_age_of_oldest_message(period=Duration.hours(1), statistic="Maximum"),
            at_least=_TOO_OLD.to_seconds(),
            to=alarms_to,
        )
