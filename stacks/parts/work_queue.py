"""From an uploaded object to the function that looks at it."""

from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambdas.delivery import BATCH, TIMEOUT_SECONDS
from lambdas.names import dead_letter_queue_name, queue_name, resource_name
from stacks.parts.private_bucket import PrivateBucket
from stacks.parts.read_queue import KEPT, ReadQueue

WORKER: Final = "detect_labels"

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
        images: PrivateBucket,
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
        name = queue_name(deployment, kind.worker, project)
        read = ReadQueue(
            self,
            name=name,
            dead_name=dead_letter_queue_name(deployment, kind.worker, project),
            holds=f"{kind.things} that could not be looked at, or whose arrival could not be queued",
            # Six times the function's timeout, as Lambda asks: a throttled batch is retried within the lease.
            hidden_for=Duration.seconds(6 * TIMEOUT_SECONDS),
            alarms_to=alarms_to,
        )
        self.queue, self.dead = read.queue, read.dead
        events.Rule(
            self,
            "Uploaded",
            rule_name=resource_name(deployment, f"{kind.uploaded}-{project}"),
            event_pattern=images.uploads(keys),
            targets=[read.target],
        )
        self.event_source = read.feed(worker, batch=BATCH, concurrency=concurrency, enabled=opened)
        read.alarm_when_old(
            f"{kind.things.capitalize()} have waited in {name} for {_TOO_OLD.to_days()} days and are lost after "
            f"{KEPT.to_days()}. {kind.remedy}",
            after=_TOO_OLD,
        )
