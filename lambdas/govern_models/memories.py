"""The governor's memory in the registry: item `GOVERNOR` of each project, written only by who has read it."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from lambdas.govern_models.words import Alarm, Memory
from lambdas.items import from_item, to_item

_NAMES: Final = {item.name: "".join(word.capitalize() for word in item.name.split("_")) for item in fields(Memory)}


class OvertakenError(RuntimeError):
    """Another governor has looked at the project meanwhile; it acts, and this one does not."""


@dataclass(frozen=True)
class Memories:
    """The memories of a deployment's projects, through a boto3 DynamoDB client."""

    dynamodb: Any
    name: str

    def read(self, project: str) -> Memory:
        """Return what is remembered of a project; nothing, where it was never looked at."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_key(project)), ConsistentRead=True)
        item = from_item(answer.get("Item", {}))
        said = {name: item[spelled] for name, spelled in _NAMES.items() if spelled in item}
        said["waves"] = tuple((float(since), size) for since, size in said.get("waves", ()))
        said["alarms"] = frozenset(Alarm(alarm) for alarm in said.get("alarms", ()))
        return Memory(**said)

    def write(self, project: str, memory: Memory) -> None:
        """Write the memory that follows the one that was read; raise OvertakenError where another did so first."""
        said = asdict(memory) | {"alarms": sorted(memory.alarms)}
        item = {_NAMES[name]: value for name, value in said.items() if value is not None}
        try:
            self.dynamodb.put_item(
                TableName=self.name,
                Item=to_item(_key(project) | item),
                ConditionExpression="attribute_not_exists(PK) OR Revision = :read",
                ExpressionAttributeValues=to_item({":read": memory.revision - 1}),
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise OvertakenError(f"the memory of {project} is not revision {memory.revision - 1} any more") from error

    def note(self, project: str, memory: Memory, refused: str | None) -> None:
        """Add how the step that `memory` went with has ended; raises OvertakenError as `write` does.

        A start that was refused has not begun.
        """
        begun = memory.starting_since if refused is None else None
        after = replace(memory, refused=refused, starting_since=begun)
        if after != memory:
            self.write(project, replace(after, revision=memory.revision + 1))


def _key(project: str) -> dict[str, str]:
    return {"PK": f"PROJECT#{project}", "SK": "GOVERNOR"}
