"""Where the guard's memory lies: a parameter of Systems Manager, made empty by the guard's stack."""

from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.errors import error_code
from lambdas.guard_models.memory import Memory, MemoryUnreadableError, from_text, to_text

_GONE: Final = "ParameterNotFound"


@dataclass(frozen=True)
class MemoryParameter:
    """A String parameter, through a boto3 SSM client."""

    ssm: Any
    name: str

    def load(self) -> Memory:
        """Read what was saved last; raise MemoryUnreadableError."""
        try:
            text = self.ssm.get_parameter(Name=self.name)["Parameter"]["Value"]
        except (ClientError, BotoCoreError) as error:
            raise MemoryUnreadableError(f"{self.name}: {error}", lost=error_code(error) == _GONE) from error
        return from_text(text)

    def save(self, memory: Memory) -> None:
        """Overwrite it, or make it where somebody has deleted it."""
        self.ssm.put_parameter(Name=self.name, Value=to_text(memory), Type="String", Overwrite=True)
