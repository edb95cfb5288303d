"""Reviews by people: whether they can begin, and from the end of one in Augmented AI to the result of its image."""

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import CfnOutput, CfnResource, Duration, Stack
from aws_cdk import aws_events as events
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import TakeReview
from lambdas.moderation_settings import HumanReview
from lambdas.names import resource_name, stack_name
from stacks.parts.alarms import alarm
from stacks.parts.policy import allow, bucket_arn
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.read_queue import ReadQueue
from stacks.parts.telling import allow_telling, results_environment
from stacks.storage import Storage

VERB_NOUN: Final = "take_review"

_SECONDS: Final = 60  # of one invocation
_CHECK_SECONDS: Final = 120  # of one invocation; its answer may take a minute on its way
_BACK: Final = Duration.minutes(15)  # after which a message comes back whose image is not done yet
_RECEIVES: Final = 940  # of the 960 that its queue has time for: it is a dead letter before it would be gone


class Reviews(Stack):
    """The function take_review, its rule, queue and alarms; and check_reviews, which fails a deploy that is in vain.

    What begins reviews depends on this stack, so that it is not deployed where they cannot begin.
    """

    def __init__(
        self,
        scope: Construct,
        settings: DeploymentSettings,
        reviews: Sequence[HumanReview],
        storage: Storage,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, stack_name(settings.name, "reviews"), **kwargs)
        self._name = resource_name(settings.name, VERB_NOUN)
        self._check(settings, reviews)
        read = self._make_queue(reviews, storage)
        taker = PythonFunction(
            self,
            VERB_NOUN,
            settings=settings,
            size=Size(seconds=_SECONDS),
            environment=TakeReview(**results_environment(storage)),
        )
        self._allow(taker, settings, reviews, storage)
        read.feed_alone(taker, concurrency=2)
        alarm(
            self,
            "Errors",
            name=f"{self._name}-errors",
            says=f"{self._name} failed, so a review by people is not in its result yet. Its log says why.",
            metric=taker.function.metric_errors(period=Duration.minutes(5), statistic="Sum"),
            at_least=1,
            to=storage.operations_topic.topic,
        )
        CfnOutput(self, "TakeReviewFunction", value=taker.function.function_name)
        CfnOutput(self, "TakeReviewQueueUrl", value=read.queue.queue_url)

    def _check(self, settings: DeploymentSettings, reviews: Sequence[HumanReview]) -> None:
        """Have the flow definitions looked at when they are deployed first, and when they change."""
        checker = PythonFunction(self, "check_reviews", settings=settings, size=Size(seconds=_CHECK_SECONDS))
        flows = sorted({(review.flow_definition_arn, review.output_bucket) for review in reviews})
        allow(checker.role, "sagemaker:DescribeFlowDefinition", on=sorted({arn for arn, _ in flows}))
        allow(checker.role, "cloudformation:DescribeStacks", on=[self.stack_id])
        resource = CfnResource(
            self,
            "FlowDefinitions",
            type="AWS::CloudFormation::CustomResource",
            properties={
                "ServiceToken": checker.function.function_arn,
                "ServiceTimeout": 2 * _CHECK_SECONDS,
                "Reviews": [{"FlowDefinitionArn": arn, "OutputBucket": bucket} for arn, bucket in flows],
            },
        )
        resource.node.add_dependency(checker)

    def _make_queue(self, reviews: Sequence[HumanReview], storage: Storage) -> ReadQueue:
        read = ReadQueue(
            self,
            name=self._name,
            dead_name=f"{self._name}_dead",
            holds="ended reviews by people that are not in their images' results",
            hidden_for=_BACK,
            max_receives=_RECEIVES,
            alarms_to=storage.operations_topic.topic,
        )
        events.Rule(
            self,
            "Ended",
            rule_name=self._name,
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker A2I HumanLoop Status Change"],
                detail={
                    "flowDefinitionArn": sorted({review.flow_definition_arn for review in reviews}),
                    "humanLoopStatus": ["Completed", "Failed", "Stopped"],
                },
            ),
            targets=[read.target],
        )
        return read

    def _allow(
        self,
        taker: PythonFunction,
        settings: DeploymentSettings,
        reviews: Sequence[HumanReview],
        storage: Storage,
    ) -> None:
        allow(
            taker.role,
            "s3:GetObject",
            on=[f"{bucket_arn(self, name)}/*" for name in sorted({review.output_bucket for review in reviews})],
            wide_because="Augmented AI puts each review's answers under the time of its creation",
        )
        # The job, and the start job that it may end.
        allow(taker.role, "dynamodb:GetItem", "dynamodb:UpdateItem", on=[storage.results.table_arn])
        allow_telling(taker.role, settings, storage)
