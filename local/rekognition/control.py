"""Answer what is not Amazon's: tests and benchmarks set faults, read the meter and reset, under /_local/.

GET  /_local/meter    {"usage": {version ARN: {"billed_unit_seconds": ..., "training_seconds": ..., ...}}}
GET  /_local/detections   {"detections": [{"at": epoch seconds, "version": ARN, "outcome": "ANSWERED" ...}, ...]}
GET  /_local/faults   the plan that is followed
POST /_local/faults   follow another plan, from its beginning; {} ends all faults
POST /_local/reset    forget all projects, versions and usage; the plan of faults is again that of the start
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from local.rekognition.fault_plan_json import plan_as_json, plan_from
from local.rekognition.fault_plans import InvalidFaultPlanError
from local.rekognition.operations import OPERATIONS
from local.rekognition.protocol import Answer
from local.rekognition.service import Rekognition

PREFIX: Final = "/_local/"


def control(rekognition: Rekognition, method: str, path: str, body: bytes) -> Answer:
    """Answer one request of the control path."""
    match method, path.removeprefix(PREFIX):
        case "GET", "meter":
            return _answer(200, {"usage": {arn: asdict(used) for arn, used in rekognition.usage().items()}})
        case "GET", "detections":
            return _answer(200, {"detections": [asdict(call) for call in rekognition.detections.calls()]})
        case "GET", "faults":
            return _answer(200, plan_as_json(rekognition.faults.plan))
        case "POST", "faults":
            try:
                rekognition.faults.follow(plan_from(json.loads(body or b"{}"), OPERATIONS))
            except (InvalidFaultPlanError, ValueError, RecursionError) as error:
                return _answer(400, {"message": str(error)})
            return _answer(200, plan_as_json(rekognition.faults.plan))
        case "POST", "reset":
            rekognition.reset()
            return _answer(200, {})
        case _:
            return _answer(404, {"message": f"{method} {path} is none of: {', '.join(_KNOWN)}"})


_KNOWN: Final = ("GET /_local/meter", "GET /_local/detections", "GET and POST /_local/faults", "POST /_local/reset")


def _answer(status: int, body: dict[str, object]) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})
