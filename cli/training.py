"""Starts the training of a data set that lies in the datasets bucket."""

import json
from typing import Any

from botocore.exceptions import ClientError

from cli.deployment import Clients, Deployment
from lambdas.errors import error_code
from lambdas.names import TRAIN_MANIFEST


class DatasetNotFoundError(LookupError):
    """The datasets bucket holds no such data set."""


def start_training(
    clients: Clients,
    deployment: Deployment,
    project: str,
    dataset: str | None,
    run: str | None,
    *,
    replace: bool = False,
) -> str:
    """Start train_model for PROJECT/DATASET/train.manifest, without a name the newest; return the execution's ARN.

    The upload of the manifest has started a training already: without a new `run` name the workflow ends at once,
    "already claimed". `replace` empties the project's data sets first, if it has any.
    """
    deployment.project(project)
    s3, bucket = clients("s3"), deployment.datasets_bucket
    named = [dataset] if dataset else _names(s3, bucket, project)
    uploads = [upload for name in named if (upload := _uploaded(s3, bucket, f"{project}/{name}/{TRAIN_MANIFEST}"))]
    if not uploads:
        missing = f"{project}/{dataset or 'NAME'}/{TRAIN_MANIFEST}"
        raise DatasetNotFoundError(f"s3://{bucket}/{missing} does not exist; upload the data set, the manifest last")
    key, head = max(uploads, key=_modified)
    detail: dict[str, Any] = {
        "bucket": {"name": bucket},
        "object": {"key": key, "version-id": head["VersionId"]},
    } | ({"run": run} if run else {})
    if replace:
        detail["replace"] = True
    execution = clients("stepfunctions").start_execution(
        stateMachineArn=deployment.train_model_arn, input=json.dumps({"detail": detail})
    )
    return str(execution["executionArn"])


def _names(s3: Any, bucket: str, project: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{project}/", Delimiter="/")
    return [folder["Prefix"].split("/")[1] for page in pages for folder in page.get("CommonPrefixes", [])]


def _modified(upload: tuple[str, dict[str, Any]]) -> Any:
    return upload[1]["LastModified"]


def _uploaded(s3: Any, bucket: str, key: str) -> tuple[str, dict[str, Any]] | None:
    """Return a manifest's key and what its head says; None where it is not there."""
    try:
        return key, s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchKey"):
            raise
        return None
