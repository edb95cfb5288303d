"""A queue that a function reads: the dead-letter queue beside it, the event source, the grants, the alarm."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.delivery import KEPT_SECONDS, MAX_RECEIVES
from lambdas.names import dead_letter_queue_name, queue_name
from stacks.parts.alarms import alarm
from stacks.parts.dead_letter_queue import DeadLetterQueue
from stacks.parts.policy import allow, named_arn
from stacks.parts.python_function import PythonFunction

KEPT: Final = Duration.seconds(KEPT_SECONDS)

_SHARED: Final = "One function serves the queues of all projects, which come and go"
_RECEIVE: Final = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
)
_SEND: Final = ("sqs:GetQueueUrl", "sqs:SendMessage")


class ReadQueue:
    """A queue and its dead-letter queue, among the children of `scope`."""

    def __init__(
        self,
        scope: Construct,
        *,
        name: str,
        dead_name: str,
        holds: str,
        hidden_for: Duration,
        alarms_to: sns.ITopic,
        max_receives: int = MAX_RECEIVES,
        dead_id: str = "Dead",
    ) -> None:
        """Make both.

        `holds` says what the dead letters are; `hidden_for` is the visibility timeout, after which a message comes back
        that nobody has answered.
        """
        self._scope, self._alarms_to, self.name = scope, alarms_to, name
        self.dead = DeadLetterQueue(scope, dead_id, name=dead_name, holds=holds, alarms_to=alarms_to)
        self.queue = sqs.Queue(
            scope,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=KEPT,
            visibility_timeout=hidden_for,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead.queue, max_receive_count=max_receives),
        )

    @property
    def target(self) -> targets.SqsQueue:
        """The queue as a rule's target."""
        return targets.SqsQueue(self.queue, dead_letter_queue=self.dead.queue)

    def subscribe_to(self, topic: sns.Topic) -> None:
        """Take the bare messages of a topic."""
        topic.add_subscription(
            subscriptions.SqsSubscription(self.queue, raw_message_delivery=True, dead_letter_queue=self.dead.queue)
        )

    def alarm_when_old(self, says: str, *, after: Duration) -> None:
        """Ring when a message has waited for so long."""
        alarm(
            self._scope,
            "TooOld",
            name=f"{self.name}-too-old",
            says=says,
            metric=self.queue.metric_approximate_age_of_oldest_message(period=Duration.hours(1), statistic="Maximum"),
            at_least=after.to_seconds(),
            to=self._alarms_to,
        )

    def feed(
        self, worker: lambda_.IFunction, *, batch: int, concurrency: int, enabled: bool | None = None
    ) -> lambda_.EventSourceMapping:
        """Let Lambda call a function with up to `batch` messages, `concurrency` times at once.

        Not SqsEventSource: it would grant by the queue's ARN, and so tie the function's stack to the queue's.
        """
        return lambda_.EventSourceMapping(
            self._scope,
            "Source",
            target=worker,
            event_source_arn=self.queue.queue_arn,
            enabled=enabled,
            batch_size=batch,
            max_concurrency=concurrency,
            report_batch_item_failures=True,
        )

    def feed_alone(self, worker: PythonFunction, *, concurrency: int) -> None:
        """Let the only reader of the queue take one message at a time: what is wrong with one fails no other."""
        allow(worker.role, *_RECEIVE, on=[self.queue.queue_arn])
        source = self.feed(worker.function, batch=1, concurrency=concurrency)
        # Lambda checks at creation that the function may read the queue.
        source.node.add_dependency(worker.role)

    def allow_burying(self, role: iam.Role) -> None:
        """Let a role put dead letters itself, with their reasons."""
        allow(role, *_SEND, on=[self.dead.queue.queue_arn])


def allow_serving_projects(role: iam.Role, deployment: str, verb_noun: str) -> None:
    """Let a role read its function's queues of all projects, and bury.

    By the pattern of names: grants by ARN would tie the function's stack to each project's.
    """
    queues = named_arn(role, "sqs", queue_name(deployment, verb_noun, "*"))
    dead = named_arn(role, "sqs", dead_letter_queue_name(deployment, verb_noun, "*"))
    allow(role, *_RECEIVE, on=[queues], wide_because=_SHARED)
    allow(role, *_SEND, on=[dead], wide_because=_SHARED)


def allow_filling_projects(role: iam.Role, deployment: str, verb_noun: str) -> None:
    """Let a role send to a function's queues of all projects."""
    queues = named_arn(role, "sqs", queue_name(deployment, verb_noun, "*"))
    allow(role, *_SEND, on=[queues], wide_because="One function fills the queues of all projects, which come and go")
