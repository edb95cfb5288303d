"""All-or-nothing writes to DynamoDB: sent again while others are at the same items, refused in plain words."""

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import LaterError, error_code
from lambdas.items import from_item

MAX_ACTIONS: Final = 100  # that one TransactWriteItems takes

_TOKEN_LENGTH: Final = 36  # characters that DynamoDB takes of a ClientRequestToken
_ATTEMPTS: Final = 8
_FIRST_PAUSE: Final = 0.05  # seconds; each pause is at most twice the one before
_LONGEST_PAUSE: Final = 0.8
_PASSING: Final = frozenset(
    {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
)
_CONFLICTS: Final = frozenset({"TransactionInProgressException", "TransactionConflictException"})


class ResultsBusyError(LaterError):
    """The results table could not be written now; the message goes back to the queue."""


class RefusedError(Exception):
    """A condition did not hold, so that nothing was written."""

    def __init__(self, refused: Mapping[int, dict[str, Any]]) -> None:
        super().__init__(f"the conditions of the actions {sorted(refused)} did not hold")
        self.refused = refused  # by the action's place: the item as it stands, in plain values; {} where there is none


@dataclass(frozen=True)
class Transactions:
    """Writes to one table, through a boto3 DynamoDB client."""

    dynamodb: Any
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def write(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Write all of up to `MAX_ACTIONS` actions, or nothing; the same actions within ten minutes are written once.

        Raises RefusedError where a condition does not hold, ResultsBusyError where others are at the same items for
        too long, and boto3's other errors.
        """
        token = hashlib.sha256(json.dumps(actions, sort_keys=True).encode()).hexdigest()[:_TOKEN_LENGTH]
        longest = _FIRST_PAUSE
        for _ in range(_ATTEMPTS - 1):
            if self._written(actions, token):
                return
            self.pause(longest * self.jitter())
            longest = min(2 * longest, _LONGEST_PAUSE)
        if not self._written(actions, token):
            raise ResultsBusyError(f"others wrote the same items of the results table in each of {_ATTEMPTS} attempts")

    def _written(self, actions: Sequence[Mapping[str, Any]], token: str) -> bool:
        try:
            self.dynamodb.transact_write_items(TransactItems=list(actions), ClientRequestToken=token)
        except ClientError as error:
            code = error_code(error)
            if code in _CONFLICTS:
                return False
            if code != "TransactionCanceledException":
                raise
            return self._explained(error)
        return True

    def _explained(self, error: ClientError) -> bool:
        """Return False where the cancellation passes by itself; raise what it means otherwise."""
        reasons = error.response.get("CancellationReasons", [])
        refused = {
            place: from_item(reason.get("Item", {}))
            for place, reason in enumerate(reasons)
            if reason.get("Code") == "ConditionalCheckFailed"
        }
        if refused:
            raise RefusedError(refused) from error
        if reasons and all(reason.get("Code") in _PASSING for reason in reasons):
            return False
        raise error
