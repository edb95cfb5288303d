"""Real boto3 clients whose calls are answered here: botocore checks every request and every answer by its models."""

import copy
from typing import Any

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An error that a fake service answers; `answer` may get the error's own members."""

    def __init__(self, code: str, status: int = 400, message: str = "refused") -> None:
        super().__init__(code)
        self.status = status
        self.answer: dict[str, Any] = {"Error": {"Code": code, "Message": message}}


def client_of(service: str, fake: object) -> Any:
    """Return a boto3 client whose operations are the methods of `fake`, by their Python names."""
    client = boto3.client(service)

    def remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        # A file cannot be copied, and nobody changes it meanwhile.
        context["said"] = {
            name: value if hasattr(value, "read") else copy.deepcopy(value) for name, value in params.items()
        }

    def answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        said = context["said"]
        try:
            parsed = getattr(fake, xform_name(model.name))(**said) or {}
        except Refusal as refusal:
            metadata = {"ResponseMetadata": {"HTTPStatusCode": refusal.status}}
            return AWSResponse("", refusal.status, {}, None), refusal.answer | metadata
        if model.output_shape is not None:
            validate_parameters(parsed, model.output_shape)
        return AWSResponse("", 200, {}, None), parsed

    client.meta.events.register_last(f"before-parameter-build.{service}.*", remember)
    client.meta.events.register_last(f"before-call.{service}.*", answer)
    return client


def client_error(code: str, status: int = 400, operation: str = "AnyOperation") -> ClientError:
    """Return the error that boto3 raises for an answer."""
    answer = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)
