"""A state machine of this repository."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.names import resource_name
from stacks.parts.acknowledged import acknowledge
from stacks.parts.alarms import alarm
from stacks.parts.log_group import log_group
from stacks.parts.policy import allow, named_arn, service_role
from stacks.parts.python_function import PythonFunction

DEFINITIONS: Final = Path(__file__).parents[2] / "statemachines"
_PLACEHOLDER: Final = re.compile(r"\$\{(\w+)\}")


class PlaceholderError(ValueError):
    """A workflow's file and its stack do not agree on the placeholders; the message names them."""


class Workflow(Construct):
    """The state machine of `statemachines/NAME.asl.json`, its role, its log group and its alarms.

    The role may write its own logs and traces; what the definition calls is granted where it is used.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: DeploymentSettings,
        placeholders: Mapping[str, str],
        alarms_to: sns.ITopic,
    ) -> None:
        super().__init__(scope, name)
        self.name = resource_name(settings.name, name)
        self.role = service_role(self, "Role", "states")
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=self.name,
            definition_body=sfn.DefinitionBody.from_string(definition(name, placeholders)),
            definition_substitutions=placeholders,
            role=self.role,
            # Under this prefix a log group does not add to the account's resource policy for logs, which is short.
            logs=sfn.LogOptions(
                destination=log_group(self, f"/aws/vendedlogs/states/{self.name}", settings),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
            tracing_enabled=True,
        )
        acknowledge(
            self.role, "X-Ray's write actions and CloudWatch's log deliveries know no resources", "IAM5[Resource::*]"
        )
        self._alarms(alarms_to)

    def allow_to_call(self, *functions: PythonFunction) -> None:
        """Let the workflow call functions."""
        allow(self.role, "lambda:InvokeFunction", on=[made.function.function_arn for made in functions])

    def allow_to_run(self, *others: "Workflow") -> None:
        """Let the workflow run others and wait for their end, which Step Functions hears of by a rule of its own."""
        allow(self.role, "states:StartExecution", on=[other.state_machine.state_machine_arn for other in others])
        executions = [
            Stack.of(self).format_arn(
                service="states",
                resource="execution",
                resource_name=f"{other.name}:*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for other in others
        ]
        allow(
            self.role,
            "states:DescribeExecution",
            "states:StopExecution",
            on=executions,
            wide_because="An execution is named when it is started",
        )
        rule = named_arn(self, "events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
        allow(self.role, "events:DescribeRule", "events:PutRule", "events:PutTargets", on=[rule])

    def _alarms(self, alarms_to: sns.ITopic) -> None:
        endings = {
            "Failed": (self.state_machine.metric_failed(), "failed; the training topic has told why"),
            "TimedOut": (self.state_machine.metric_timed_out(), "timed out; nothing has told of it but this alarm"),
            "Aborted": (self.state_machine.metric_aborted(), "was aborted; nothing has told of it but this alarm"),
        }
        for ending, (metric, says) in endings.items():
            alarm(
                self,
                ending,
                name=f"{self.name}-{ending}",
                says=f"An execution of {self.name} {says}. Its history says at which state.",
                metric=metric,
                at_least=1,
                to=alarms_to,
            )


def definition(name: str, placeholders: Mapping[str, str]) -> str:
    """Read a definition; raise PlaceholderError unless `placeholders` are just those that it has."""
    file = DEFINITIONS / f"{name}.asl.json"
    text = file.read_text(encoding="utf-8")
    wanted = set(_PLACEHOLDER.findall(text))
    if missing := wanted - set(placeholders):
        raise PlaceholderError(f"{file.name} has placeholders that its stack does not fill: {sorted(missing)}")
    if unused := set(placeholders) - wanted:
        raise PlaceholderError(f"{file.name} has no placeholders {sorted(unused)}, which its stack fills")
    return text
