"""claim_training: called first by train_model; one upload is trained by one execution."""

import time
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.claim_training.upload import UploadError, plan_training, to_json
from lambdas.clients import client
from lambdas.deployment_settings import load_settings
from lambdas.environment import ClaimTraining, from_environment
from lambdas.events import created_object
from lambdas.registry import Registry

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Claim `{"Upload": S3 "Object Created" event, "Execution": ARN}`.

    The event's detail may carry a `run` name: the same data, trained again; and `replace`: the project's data sets
    are to hold this upload and nothing else. Answers the training's plan and `Claimed`: false where another execution
    has the upload already.
    """
    environment = from_environment(ClaimTraining)
    upload = event["Upload"]
    manifest = created_object(upload)
    if manifest.bucket != environment.datasets_bucket:
        raise UploadError(f"the manifest is in {manifest.bucket}; upload it to {environment.datasets_bucket}")
    detail = upload["detail"]
    plan = plan_training(manifest, detail.get("run"), load_settings(), replace=detail.get("replace") is True)
    spelled = to_json(plan)
    registry = Registry(client("dynamodb"), environment.registry_table)
    claimed = registry.claim(
        plan.project,
        plan.attempt,
        {
            "Execution": event["Execution"],
            "VersionName": plan.version_name,
            "Manifest": spelled["Manifest"],
            "Status": "IN_PROGRESS",
            "CreatedAt": int(time.time() * 1000),
        },
    )
    logger.info("claim", version=plan.version_name, claimed=claimed)
    output = {
        "S3Bucket": environment.training_output_bucket,
        "S3KeyPrefix": f"{plan.project}/{plan.version_name}",
    }
    return spelled | {"Claimed": claimed, "OutputConfig": output}
