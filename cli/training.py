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
    clients: Clients, deployment: Deployment, project: str, dataset: str, run: str | None, *, replace: bool = False
) -> str:
    """Start train_model for PROJECT/DATASET/train.manifest; return the execution's ARN.

    The upload of the manifest has started a training already: without a new `run` name the workflow ends at once,
    "already claimed". `replace` empties the project's data sets first, if it has any.
    """
    deployment.project(project)
    key = f"{project}/{dataset}/{TRAIN_MANIFEST}"
    try:
        head = clients("s3").head_object(Bucket=deployment.datasets_bucket, Key=key)
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchKey"):
            raise
        raise DatasetNotFoundError(
            f"s3://{deployment.datasets_bucket}/{key} does not exist; upload the data set, the manifest last"
        ) from error
    detail: dict[str, Any] = {
        "bucket": {"name": deployment.datasets_bucket},
        "object": {"key": key, "version-id": head["VersionId"]},
    } | ({"run": run} if run else {})
    if replace:
        detail["replace"] = True
    execution = clients("stepfunctions").start_execution(
        stateMachineArn=deployment.train_model_arn, input=json.dumps({"detail": detail})
    )
    return str(execution["executionArn"])
