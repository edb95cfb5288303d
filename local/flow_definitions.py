"""Keep flow definitions of Amazon Augmented AI, so that a deploy may ask for them: the two operations of SageMaker.

There is no Augmented AI here. A flow definition is Active at once, and nobody answers what it asks for.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from local.rekognition.errors import ServiceError
from local.rekognition.protocol import CONTENT_TYPE, Answer, Json, read_body, success

PREFIX = "SageMaker."  # of the operations' targets
_NAME = re.compile(r"[a-z0-9](-*[a-z0-9]){0,62}")


class FlowDefinitions:
    """All accounts' flow definitions, in memory."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Any]] = {}  # by ARN

    def answer(self, target: str, body: bytes, *, account: str, region: str) -> Answer:
        """Answer one request; a caller's mistake is an error answer, never an exception."""
        operations = {"CreateFlowDefinition": self._create, "DescribeFlowDefinition": self._describe}
        try:
            operation = operations.get(target.removeprefix(PREFIX))
            if operation is None:
                raise ServiceError("UnknownOperationException", f"{target!r} is not served by the local cloud.")
            request = read_body(body)
            name = request.get("FlowDefinitionName")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ServiceError("ValidationException", "FlowDefinitionName must match [a-z0-9](-*[a-z0-9]){0,62}.")
            with self._lock:
                return success(operation(f"arn:aws:sagemaker:{region}:{account}:flow-definition/{name}", request))
        except ServiceError as error:
            said = {"__type": error.code, "message": error.message}
            return Answer(error.status, json.dumps(said).encode(), {"Content-Type": CONTENT_TYPE})

    def _create(self, arn: str, request: Json) -> Json:
        if missing := {"OutputConfig", "RoleArn"} - request.keys():
            raise ServiceError("ValidationException", f"{', '.join(sorted(missing))} must be given.")
        if arn in self._known:
            raise ServiceError("ResourceInUse", f"{arn} exists.")
        kept = {member: value for member, value in request.items() if member != "Tags"}
        status = {"FlowDefinitionArn": arn, "FlowDefinitionStatus": "Active", "CreationTime": self._now()}
        self._known[arn] = kept | status
        return {"FlowDefinitionArn": arn}

    def _describe(self, arn: str, _: Json) -> Json:
        if arn not in self._known:
            raise ServiceError("ResourceNotFound", f"{arn} does not exist.")
        return self._known[arn]
