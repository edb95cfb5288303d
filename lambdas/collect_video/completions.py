"""What tells collect_video of a job: Rekognition's completion message, or a sweep that has waited for one."""

import json
from dataclasses import dataclass
from typing import Any, Final

from lambdas.events import MalformedEventError

# What the service calls the API: its guide names the one in one place, the other in another.
APIS: Final = frozenset({"StartLabelDetection", "LABEL_DETECTION"})


@dataclass(frozen=True)
class Completion:
    """A job that has ended, as far as the message knows."""

    job_id: str
    status: str | None  # SUCCEEDED, FAILED or ERROR; None: a sweep asks how it stands
    message: str = ""  # of the service, where it says one


def completion_of(body: str) -> Completion:
    """Read the body of a message; raise MalformedEventError."""
    try:
        said: Any = json.loads(body)
    except json.JSONDecodeError as error:
        raise MalformedEventError(f"the message is not JSON: {error}") from error
    if not isinstance(said, dict) or not isinstance(said.get("JobId"), str) or said.get("API") not in APIS:
        raise MalformedEventError(
            "the message is no completion of a label detection: it has no JobId, or another API than "
            f"{' or '.join(sorted(APIS))}"
        )
    return Completion(said["JobId"], said.get("Status"), str(said.get("StatusMessage") or said.get("Message") or ""))
