"""Where messages go that nobody could take, and the alarm that says so."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.delivery import DEAD_KEPT_SECONDS
from stacks.parts.acknowledged import acknowledge
from stacks.parts.alarms import alarm

# What SQS moves here keeps its first age, so this must be well over what source queues keep.
KEPT: Final = Duration.seconds(DEAD_KEPT_SECONDS)


class DeadLetterQueue(Construct):
    """A queue of dead letters that rings at the first one."""

    def __init__(self, scope: Construct, id: str, *, name: str, holds: str, alarms_to: sns.ITopic) -> None:
        super().__init__(scope, id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=KEPT,
        )
        acknowledge(self.queue, "It is a dead-letter queue itself", "SQS3")
        alarm(
            self,
            "Alarm",
            name=f"{name}-not-empty",
            says=f"The dead-letter queue {name} holds {holds}. Read why, mend it, then send them back.",
            metric=self.queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            at_least=1,
            to=alarms_to,
        )
