"""What must be at rest, or gone, before the stacks of a deployment are deleted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.clear_models.buckets import allow_writes, empty, refuse_writes
from lambdas.clear_models.models import Models, Version
from lambdas.errors import error_code
from lambdas.registry import Registry

# A read may be older than a Start that a workflow made just before it was stopped.
_CALM_LOOKS: Final = 2
_FIRST_PAUSE: Final = 1.0  # seconds; later ones are longer
_LONGEST_PAUSE: Final = 15.0
_CLOSED: Final = frozenset({"Disabled", "Disabling", "Deleting"})


class StillBilledError(RuntimeError):
    """Something of the deployment costs money still, or could not be deleted; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A deployment that is being destroyed."""

    registry: Registry
    models: Models
    stepfunctions: Any
    workflows: Sequence[str]  # ARNs of those that start trainings or models
    lambda_: Any
    detect_labels: str
    s3: Any
    delete_models: bool
    buckets: Sequence[str]  # to empty

    def begin(self, now: float) -> None:
        """Forbid starts; raise StillBilledError, and change nothing, while something is trained or copied."""
        _refuse_learning(self.models.learning())
        self.registry.close(now)
        for bucket in self.buckets:
            refuse_writes(self.s3, bucket)

    def reopen(self) -> None:
        """Let the deployment work, again."""
        self.registry.reopen()
        for bucket in self.buckets:
            allow_writes(self.s3, bucket)

    def look(self, has_time: Callable[[], bool]) -> str | None:
        """Bring all one step nearer to its rest; return what is to be waited for, None where there is nothing."""
        self._stop_workflows()
        self._close_event_sources()
        billed = self.models.stop()
        if billed:
            return _listed(billed)
        _refuse_learning(self.models.learning())
        if self.delete_models and (left := self.models.delete()):
            return _listed(left)
        for bucket in self.buckets:
            if not empty(self.s3, bucket, has_time):
                return f"{bucket} holds objects"
        return None

    def _stop_workflows(self) -> None:
        for workflow in self.workflows:
            for execution in self._running(workflow):
                self.stepfunctions.stop_execution(executionArn=execution, cause="The deployment is being destroyed")

    def _running(self, workflow: str) -> Iterator[str]:
        pages = self.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=workflow, statusFilter="RUNNING"
        )
        try:
            for page in pages:
                for execution in page["executions"]:
                    yield execution["executionArn"]
        except ClientError as error:
            if error_code(error) != "StateMachineDoesNotExist":  # where a deploy ended halfway
                raise

    def _close_event_sources(self) -> None:
        """Let images wait: without a model they would only be put off."""
        pages = self.lambda_.get_paginator("list_event_source_mappings").paginate(FunctionName=self.detect_labels)
        try:
            sources = [source for page in pages for source in page["EventSourceMappings"]]
            for source in sources:
                if source["State"] not in _CLOSED:
                    self.lambda_.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
        except ClientError as error:
            # In use: it changes just now, and the next look closes it. Not found: a deploy ended halfway.
            if error_code(error) not in ("ResourceInUseException", "ResourceNotFoundException"):
                raise


def close(closing: Closing, seconds_left: Callable[[], float], sleep: Callable[[float], None]) -> str | None:
    """Look until there is nothing to wait for (None), or until the time is over; return what is waited for then."""
    pause, calm = _FIRST_PAUSE, 0
    while True:
        waiting = closing.look(lambda: seconds_left() > 0)
        calm = calm + 1 if waiting is None else 0
        if calm == _CALM_LOOKS:
            return None
        if seconds_left() < pause:
            return waiting or "a last look"
        sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE) if waiting else _FIRST_PAUSE


def _refuse_learning(versions: Sequence[Version]) -> None:
    if versions:
        raise StillBilledError(
            f"{_listed(versions)}: that cannot be stopped, and is billed until it ends, a training after 24 hours at "
            "most. Run `cdk destroy` again then (`customlabels models` shows it)"
        )


def _listed(things: Sequence[object]) -> str:
    return ", ".join(map(str, things))
