"""Answer the operations on tags: of projects, versions and whatever else the state knows by its ARN."""

from __future__ import annotations

from typing import Any

from local.rekognition.context import Context
from local.rekognition.errors import ServiceError, invalid_parameter, not_found
from local.rekognition.state import Caller


def tag_resource(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        arn = _tagged(context, caller, request)
        tags = context.state.tags.get(arn, {}) | request["Tags"]
        most = context.quotas.tags
        if most is not None and len(tags) > most:
            raise ServiceError("ServiceQuotaExceededException", f"A resource has at most {most} tags.")
        context.state.tags[arn] = tags
    return {}


def untag_resource(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Take tags away; those that are not there do not matter."""
    with context.state.lock:
        arn = _tagged(context, caller, request)
        tags = context.state.tags.get(arn, {})
        context.state.tags[arn] = {key: value for key, value in tags.items() if key not in request["TagKeys"]}
    return {}


def list_tags_for_resource(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        return {"Tags": dict(context.state.tags.get(_tagged(context, caller, request), {}))}


def _tagged(context: Context, caller: Caller, request: dict[str, Any]) -> str:
    arn: str = request["ResourceArn"]
    if not arn.startswith("arn:"):
        raise invalid_parameter(f"{arn} is no ARN.")
    if not context.state.knows(caller, arn):
        raise not_found(arn)
    return arn
