"""A Lambda function of this repository."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aws_cdk as cdk
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import to_environment
from lambdas.names import METRICS_NAMESPACE, resource_name
from stacks.parts.acknowledged import acknowledge
from stacks.parts.functions_code import functions_code
from stacks.parts.layer import third_party_layer
from stacks.parts.log_group import log_group

LEAST_DISK_MEGABYTES: Final = 512  # that Lambda gives every function
XRAY_REASON: Final = "X-Ray's write actions know no resources"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How long a function may take, how much memory (and with it CPU) it has, and how much of a disk."""

    seconds: int
    megabytes: int = 256
    disk_megabytes: int = LEAST_DISK_MEGABYTES  # under /tmp


class PythonFunction(Construct):
    """The function of `lambdas/VERB_NOUN/handler.py`, its role and its log group.

    The role may write its own logs and traces; what else it may do is granted where it is used. Traces are
    Lambda's own (active tracing): the X-Ray SDK would double the cold start.
    """

    def __init__(
        self,
        scope: Construct,
        verb_noun: str,
        *,
        settings: DeploymentSettings,
        size: Size,
        environment: object | None = None,
        more_layers: Sequence[lambda_.ILayerVersion] = (),
    ) -> None:
        """Make them; `more_layers` are beside the layer that all functions have."""
        super().__init__(scope, verb_noun)
        name = resource_name(settings.name, verb_noun)
        logs = log_group(self, f"/aws/lambda/{name}", settings)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.custom(settings.architecture),
            handler=f"lambdas.{verb_noun}.handler.handle",
            code=functions_code(settings),
            layers=[third_party_layer(Stack.of(self), settings), *more_layers],
            timeout=Duration.seconds(size.seconds),
            memory_size=size.megabytes,
            ephemeral_storage_size=cdk.Size.mebibytes(size.disk_megabytes)
            if size.disk_megabytes > LEAST_DISK_MEGABYTES
            else None,
            environment=_powertools(verb_noun) | (to_environment(environment) if environment else {}),
            role=self.role,
            log_group=logs,
            tracing=lambda_.Tracing.ACTIVE,
        )
        acknowledge(self, "The locked wheels and the tests are for Python 3.13; raise them together", "L1")
        acknowledge(self.role, XRAY_REASON, "IAM5[Resource::*]")


def _powertools(verb_noun: str) -> dict[str, str]:
    return {
        "POWERTOOLS_SERVICE_NAME": verb_noun,
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
