"""add_entries: called by fill_datasets, once for each five megabytes of a manifest."""

from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from lambdas.add_entries.entries import images_of, next_part
from lambdas.clients import client
from lambdas.errors import error_code

# Someone else changes the data set, or this function did, and was asked again: the workflow waits and looks.
_BUSY: Final = frozenset({"ResourceInUseException", "ResourceNotReadyException"})
logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Add the next lines of `{"Manifest": S3Object, "Offset"}` to `{"DatasetArn", "OtherDatasetArn"}`.

    A line is added where its image is new, or in this data set without a label. Labels that are there stay, whoever
    gave them, and an image stays in the data set that it is in. Answers `{"Offset", "Done", "Added", "Kept"}`, the
    Offset in lines. To be asked twice for the same lines does no harm.
    """
    rekognition = client("rekognition")
    dataset, other = event["DatasetArn"], event["OtherDatasetArn"]
    manifest = event["Manifest"]
    stored = client("s3").get_object(Bucket=manifest["Bucket"], Key=manifest["Name"], VersionId=manifest["Version"])
    try:
        known = set(images_of(rekognition, dataset, Labeled=True))
        known |= set(images_of(rekognition, other)) if other else set()
        part = next_part(stored["Body"].iter_lines(), int(event["Offset"]), known)
        if part.lines:
            rekognition.update_dataset_entries(DatasetArn=dataset, Changes={"GroundTruth": part.body})
    except ClientError as error:
        if error_code(error) not in _BUSY:
            raise
        logger.info("busy", dataset=dataset)
        return {"Offset": event["Offset"], "Done": False, "Added": 0, "Kept": 0}
    logger.info("added", dataset=dataset, lines=len(part.lines), kept=part.kept, done=part.done)
    return {"Offset": part.offset, "Done": part.done, "Added": len(part.lines), "Kept": part.kept}
