"""Findings of cdk-nag that stay, each with the reason why."""

import json
from collections.abc import Sequence
from typing import Any

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct, IValidation


def acknowledge(construct: IConstruct, reason: str, *rules: str) -> None:
    """Let findings of AwsSolutions stand on a construct and all that is in it.

    A rule is named without its pack: `SQS3`, or with the one finding meant: `IAM5[Resource::*]`.
    """
    validations = Validations.of(construct)
    for rule in rules:
        validations.acknowledge(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason))


def acknowledge_wildcards(construct: IConstruct, reason: str, arns: Sequence[str]) -> None:
    """Let the wildcards in ARNs stand.

    cdk-nag names such a finding by the ARN as the template spells it, and references between stacks get their
    spelling only when the app is synthesized: so the finding is named then, when CDK validates the construct.
    """
    construct.node.add_validation(_Wildcards(construct, reason, arns))


@jsii.implements(IValidation)
class _Wildcards:
    def __init__(self, construct: IConstruct, reason: str, arns: Sequence[str]) -> None:
        self._construct, self._reason, self._arns = construct, reason, arns

    def validate(self) -> list[str]:
        stack = Stack.of(self._construct)
        for arn in self._arns:
            spelled = _spelled(stack.resolve(arn))
            if "*" in spelled:
                acknowledge(self._construct, self._reason, f"IAM5[Resource::{spelled}]")
        return []


def _spelled(value: Any) -> str:
    """Spell an ARN of a template as cdk-nag does."""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [str(delimiter), list(parts)]}:
            return delimiter.join(map(_spelled, parts))
        case {"Fn::GetAtt": [str(resource), str(attribute)]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": str(name)}:
            return f"<{name}>"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
