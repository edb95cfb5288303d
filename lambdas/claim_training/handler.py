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
from lambdas.images import ImageRef
from lambdas.manifests import current_version
from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST
from lambdas.registry import Registry

_EARLIER: Final = ("Status", "StatusMessage", "VersionName", "F1Score", "CreatedAt")

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Claim `{"Upload": S3 "Object Created" event, "Execution": ARN}`.

    The event's detail may carry a `run` name: the same data, trained again; and `replace`: the project's data sets
    are to hold this upload and nothing else. Answers the training's plan and `Claimed`: false where another execution
    has the data already, that of `ClaimedBy`; then `Repeats` says whether it came by another upload, and `Earlier` how
    that one went.
    """
    environment = from_environment(ClaimTraining)
    upload = event["Upload"]
    manifest = created_object(upload)
    if manifest.bucket != environment.datasets_bucket:
        raise UploadError(f"the manifest is in {manifest.bucket}; upload it to {environment.datasets_bucket}")
    detail = upload["detail"]
    etags = _etags(client("s3"), manifest)
    plan = plan_training(manifest, etags, detail.get("run"), load_settings(), replace=detail.get("replace") is True)
    spelled = to_json(plan)
    registry = Registry(client("dynamodb"), environment.registry_table)
    registry.refuse_while_closing()
    attempt = registry.claim(
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
    claimed = attempt["Execution"] == event["Execution"]
    logger.info("claim", version=plan.version_name, claimed=claimed)
    output = {
        "S3Bucket": environment.training_output_bucket,
        "S3KeyPrefix": f"{plan.project}/{plan.version_name}",
    }
    return spelled | {
        "Claimed": claimed,
        "ClaimedBy": attempt["Execution"],
        "Repeats": not claimed and attempt["Manifest"] != spelled["Manifest"],
        "Earlier": {name: attempt[name] for name in _EARLIER if name in attempt},
        "OutputConfig": output,
    }


def _etags(s3: Any, manifest: ImageRef) -> list[str]:
    """Return what identifies the contents of the train manifest and of the test manifest beside it, if there is one.

    An ETag is a digest of the contents. One upload of the same file in other parts has another one: that is trained.
    """
    train = s3.head_object(Bucket=manifest.bucket, Key=manifest.key, VersionId=manifest.version)
    test = current_version(s3, manifest.bucket, manifest.key.removesuffix(TRAIN_MANIFEST) + TEST_MANIFEST)
    return [train["ETag"]] + ([test["ETag"]] if test else [])
