"""What a destroy does first: no model runs on without the stacks that would stop it."""

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import ArnFormat, CfnResource, Stack
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import ClearModels
from lambdas.names import STARTERS, resource_name, stack_name
from stacks.inference import Inference
from stacks.parts.event_sources import allow_to_switch
from stacks.parts.policy import allow
from stacks.parts.private_bucket import PrivateBucket
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_on_projects, allow_stopping_all
from stacks.storage import Storage

_LONGEST: Final = 900  # seconds that a function may run
ANSWERED_WITHIN_SECONDS: Final = 3600  # the most that CloudFormation waits for an answer


class Closing(Stack):
    """The function clear_models and the resource for whose deletion CloudFormation calls it.

    The stack depends on all `others`: so it is deleted first, while all that stops models is still there.
    """

    def __init__(
        self,
        scope: Construct,
        settings: DeploymentSettings,
        storage: Storage,
        inference: Inference,
        others: Sequence[Stack],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, stack_name(settings.name, "closing"), **kwargs)
        self._settings = settings
        buckets = storage.buckets if settings.data_on_destroy == "delete" else ()
        self.clear_models = PythonFunction(
            self,
            "clear_models",
            settings=settings,
            size=Size(seconds=_LONGEST),
            environment=ClearModels(registry_table=storage.registry.table_name),
        )
        self._allow_stopping(storage, inference)
        if settings.on_destroy == "delete_models":
            self._allow_deleting()
        self._allow_emptying(buckets)
        models = CfnResource(
            self,
            "Models",
            type="AWS::CloudFormation::CustomResource",
            properties={
                "ServiceToken": self.clear_models.function.function_arn,
                "ServiceTimeout": ANSWERED_WITHIN_SECONDS,
                "DeleteModels": str(settings.on_destroy == "delete_models").lower(),
                "Buckets": [bucket.bucket_name for bucket in buckets],
            },
        )
        # When it is deleted, the function still has its grants and its log.
        models.node.add_dependency(self.clear_models)
        for other in others:
            self.add_dependency(other)

    def _allow_stopping(self, storage: Storage, inference: Inference) -> None:
        role = self.clear_models.role
        allow(role, "dynamodb:PutItem", "dynamodb:DeleteItem", on=[storage.registry.table_arn])
        allow(role, "cloudformation:DescribeStacks", on=[self.stack_id])
        allow(role, "lambda:InvokeFunction", on=[self._named("lambda", "function", "clear_models")])
        allow_to_switch(self.clear_models.role, inference.worker.function.function_arn)
        allow(
            role, "states:ListExecutions", on=[self._named("states", "stateMachine", starter) for starter in STARTERS]
        )
        allow(
            role,
            "states:StopExecution",
            on=[f"{self._named('states', 'execution', starter)}:*" for starter in STARTERS],
            wide_because="An execution is named when it is started",
        )
        allow_stopping_all(role, self._settings.name)

    def _allow_deleting(self) -> None:
        allow_on_projects(
            self.clear_models.role,
            self._settings.name,
            "rekognition:DeleteProjectVersion",
            "rekognition:DeleteDataset",
            "rekognition:DeleteProject",
        )

    def _allow_emptying(self, buckets: Sequence[PrivateBucket]) -> None:
        for bucket in buckets:
            allow(
                self.clear_models.role,
                "s3:GetBucketPolicy",
                "s3:PutBucketPolicy",
                "s3:ListBucketVersions",
                on=[bucket.bucket_arn],
            )
            allow(
                self.clear_models.role,
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                on=[bucket.arn_for_objects("*")],
                wide_because="All that the bucket holds goes, because the deployment's settings say so",
            )

    def _named(self, service: str, kind: str, verb_noun: str) -> str:
        return self.format_arn(
            service=service,
            resource=kind,
            resource_name=resource_name(self._settings.name, verb_noun),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
