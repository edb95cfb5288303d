"""A state machine of this repository."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.names import resource_name
from stacks.parts.acknowledged import acknowledge
from stacks.parts.alarms import alarm
from stacks.parts.log_group import log_group
from stacks.parts.policy import service_role

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
        full_name = resource_name(settings.name, name)
        self.role = service_role(self, "Role", "states")
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=full_name,
            definition_body=sfn.DefinitionBody.from_string(definition(name, placeholders)),
            definition_substitutions=placeholders,
            role=self.role,
            # Under this prefix a log group does not add to the account's resource policy for logs, which is short.
            logs=sfn.LogOptions(
                destination=log_group(self, f"/aws/vendedlogs/states/{full_name}", settings),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
            tracing_enabled=True,
        )
        acknowledge(
            self.role, "X-Ray's write actions and CloudWatch's log deliveries know no resources", "IAM5[Resource::*]"
        )
        self._alarms(full_name, alarms_to)

    def _alarms(self, name: str, alarms_to: sns.ITopic) -> None:
        endings = {
            "Failed": (self.state_machine.metric_failed(), "failed; the training topic has told why"),
            "TimedOut": (self.state_machine.metric_timed_out(), "timed out; nothing has told of it but this alarm"),
            "Aborted": (self.state_machine.metric_aborted(), "was aborted; nothing has told of it but this alarm"),
        }
        for ending, (metric, says) in endings.items():
            alarm(
                self,
                ending,
                name=f"{name}-{ending}",
                says=f"An execution of {name} {says}. Its history says at which state.",
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
