"""Call a function's handler and report its exceptions the way Lambda does.

The local cloud starts every Python function here. The emulator by itself would lose the exception's class,
which Step Functions retries by, and end the process, which Lambda keeps. A failure is therefore returned as a
value under FAILURE; local/emulator.py turns it back into a failed invocation.
"""

import contextlib
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

FAILURE = "__lambda_failure__"

Handler = Callable[[Any, Any], Any]


def handle(event: Any, context: Any) -> Any:
    """Return the handler's answer, or `{FAILURE: {errorMessage, errorType, requestId, stackTrace}}`."""
    try:
        answer = _handler()(event, context)
    except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
        return _failure(error, type(error).__name__, context)
    try:
        json.dumps(answer)
    except (TypeError, ValueError) as error:
        return _failure(error, "Runtime.MarshalError", context)
    return answer


class HandlerNotFoundError(Exception):
    """The function's module has no such handler."""


_loaded: list[Handler] = []


def _handler() -> Handler:
    """Import the handler once; a failed import is tried again at the next call, as Lambda's init is."""
    if not _loaded:
        module, _, name = os.environ["_HANDLER"].rpartition(".")
        found = getattr(importlib.import_module(module.replace("/", ".")), name, None)
        if found is None:
            raise HandlerNotFoundError(f"Handler '{name}' missing on module '{module}'")
        _loaded.append(found)
    return _loaded[0]


def _failure(error: Exception, kind: str, context: Any) -> dict[str, Any]:
    if not _loaded:
        kind = {"HandlerNotFoundError": "Runtime.HandlerNotFound"}.get(kind, kind)
        kind = "Runtime.ImportModuleError" if isinstance(error, ImportError) else kind
    trace = traceback.format_tb(error.__traceback__)[1:]  # without this module's own frame
    print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(trace)}", file=sys.stderr)
    return {
        FAILURE: {
            "errorMessage": str(error),
            "errorType": kind,
            "requestId": context.aws_request_id,
            "stackTrace": trace,
        }
    }


# Lambda imports the module before the first call, outside the function's timeout; what fails is told at the call.
with contextlib.suppress(Exception):
    _handler()
