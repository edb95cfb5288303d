"""How the emulator asks the stand-in, in this process."""

import asyncio
import json
from importlib import import_module
from typing import Any

import pytest

from local import emulator
from local.rekognition.protocol import Answer


class Broken:
    """A stand-in with a defect."""

    def answer(self, target: str, body: bytes, *, account: str, region: str) -> Answer:
        raise ZeroDivisionError(target)


def test_a_defect_of_the_stand_in_is_an_internal_server_error_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = import_module("ministack.app")
    monkeypatch.setattr(app, "SERVICE_HANDLERS", dict(app.SERVICE_HANDLERS))
    router = import_module("ministack.core.router")
    monkeypatch.setattr(router, "SERVICE_PATTERNS", dict(router.SERVICE_PATTERNS))
    emulator._serve("rekognition", "RekognitionService", Broken())
    status, _, body = asyncio.run(app.SERVICE_HANDLERS["rekognition"]("POST", "/", {}, b"{}", {}))
    assert (status, json.loads(body)["__type"]) == (500, "InternalServerError")
    assert "ZeroDivisionError" in caplog.text


def test_a_defect_of_the_control_path_is_an_internal_server_error() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"body": b""}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    def control(method: str, path: str, body: bytes) -> Answer:
        raise ZeroDivisionError

    app = emulator._with_control(None, control)
    asyncio.run(app({"type": "http", "method": "GET", "path": "/_local/meter"}, receive, send))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["__type"] == "InternalServerError"
