"""What people hear of the guard, on the operations topic."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.guard_models.looking import Look
from lambdas.guard_models.memory import Memory, key_of
from lambdas.guard_models.words import BilledVersion, Refusal, Why

REGISTRY_TOLD_SECONDS: Final = 900  # between two messages of the same trouble


@dataclass(frozen=True)
class Message:
    """One message; of a version, of a project, or of the deployment."""

    why: Why
    says: str
    project: str | None = None
    version: BilledVersion | None = None


@dataclass(frozen=True)
class OperationsTopic:
    """The topic, through a boto3 SNS client."""

    sns: Any
    arn: str
    deployment: str

    def publish(self, message: Message) -> None:
        """Publish a message, whose attributes filter policies see."""
        said: dict[str, str | int] = {} if message.project is None else {"Project": message.project}
        if message.version is not None:
            said |= {
                "VersionName": message.version.name,
                "ProjectVersionArn": message.version.arn,
                "InferenceUnits": message.version.inference_units,
            }
        about = "the guard" if message.project is None else f"model of {message.project}"
        attributes = {"Status": message.why.value} | ({"Project": message.project} if message.project else {})
        self.sns.publish(
            TopicArn=self.arn,
            Subject=f"{self.deployment}: {about} {message.why.lower().replace('_', ' ')}"[:100],
            Message=json.dumps(
                {"API": "StopProjectVersion", "Status": message.why, "StatusMessage": message.says, **said}
            ),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def messages_of(look: Look, refusals_told: set[Refusal], now: float) -> Iterator[Message]:
    """Yield what people have to hear of a look.

    Once a day of a project's spent budget, every quarter of an hour of an unreadable registry, and of a refusal where
    it is not among `refusals_told`.
    """
    for done in look.done:
        if done.sentence.why is not Why.BUDGET_SPENT or key_of(done.version.project) not in look.memory.told:
            yield Message(done.sentence.why, done.sentence.says, done.version.project, done.version)
    for refusal in look.refused:
        if refusal not in refusals_told:
            yield Message(Why.STOP_REFUSED, refusal.says, refusal.project, refusal.version)
    if look.registry_faults and now - look.memory.registry_told_at >= REGISTRY_TOLD_SECONDS:
        yield Message(
            Why.REGISTRY_UNREADABLE,
            "Until it can be read again, the guard goes by budgets and the maximum run time alone: "
            + "; ".join(look.registry_faults),
        )


def remembering(memory: Memory, message: Message, now: float) -> Memory:
    """Remember what was told, so that it is told when it should be, and not more often."""
    match message.why:
        case Why.UNEXPLAINED if message.version is not None:
            return memory.noticing(message.version, now)
        case Why.BUDGET_SPENT if message.project is not None:
            return memory.telling_budget(message.project)
        case Why.REGISTRY_UNREADABLE:
            return replace(memory, registry_told_at=now)
        case _:
            return memory


def tell(topic: OperationsTopic, look: Look, refusals_told: set[Refusal], now: float) -> list[Exception]:
    """Tell of a look, and remember it in the look's memory; return why messages could not be sent.

    What nobody could be told of is not remembered as told: a notice is given again, and its time begins then.
    """
    faults: list[Exception] = []
    for message in list(messages_of(look, refusals_told, now)):
        try:
            topic.publish(message)
        except (ClientError, BotoCoreError) as error:
            faults.append(error)
        else:
            look.memory = remembering(look.memory, message, now)
    refusals_told.update(look.refused)
    return faults
