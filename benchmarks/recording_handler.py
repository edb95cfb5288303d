"""Record the calls that a handler makes. It is deployed beside the handler's code, or used in a process.

RECORDED_HANDLER names the handler, RECORDS the folder that gets a file for each process with a JSON line for each
invocation: {"messages", "millis", "log_bytes", "calls": [{"at", "service", "operation", "parameters"}]}.
"""

import importlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import boto3


class Recorder:
    """The AWS calls of all clients of boto3's default session that are made after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[dict[str, Any]] = []
        boto3.setup_default_session()
        boto3.DEFAULT_SESSION.events.register("provide-client-params", self._record)

    def take(self) -> list[dict[str, Any]]:
        """Return the calls since this was last asked, in the order of their beginnings."""
        with self._lock:
            calls, self._calls = self._calls, []
            return calls

    def _record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        call = {
            "at": time.time(),
            "service": model.service_model.service_name,
            "operation": model.name,
            "parameters": dict(params),
        }
        with self._lock:
            self._calls.append(call)


class CountedStream:
    """A text stream that counts what is written to it: Lambda's logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.count = 0

    def write(self, text: str) -> int:
        self.count += len(text.encode())
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_state: dict[str, Any] = {}


def handle(event: dict[str, Any], context: Any) -> Any:
    """Call the recorded handler and note what it did."""
    if not _state:
        _state["recorder"] = Recorder()
        _state["log"] = sys.stdout = CountedStream(sys.stdout)  # before the handler's loggers find the stream
        module, _, name = os.environ["RECORDED_HANDLER"].rpartition(".")
        _state["handler"] = getattr(importlib.import_module(module), name)
    log, before = _state["log"], _state["log"].count
    begun = time.monotonic()
    try:
        return _state["handler"](event, context)
    finally:
        line = {
            "messages": len(event["Records"]),
            "millis": (time.monotonic() - begun) * 1000,
            "log_bytes": log.count - before,
            "calls": _state["recorder"].take(),
        }
        with (Path(os.environ["RECORDS"]) / f"{os.getpid()}.jsonl").open("a") as records:
            records.write(json.dumps(line, default=_size) + "\n")


def _size(value: Any) -> Any:
    """Spell what JSON does not have: bytes by their number, the rest by its text."""
    return {"bytes": len(value)} if isinstance(value, bytes) else str(value)
