"""check_dataset: called by train_model before it pays for a training."""

from collections.abc import Iterator
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.check_dataset.manifest import DatasetError, check_test, check_train, read_manifest
from lambdas.clients import client
from lambdas.environment import CheckDataset, from_environment
from lambdas.manifests import current_version
from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST

logger: Final = Logger()


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Check the data set of `{"Manifest": S3Object, "Adds"}`: the train manifest, and the test manifest beside it.

    `Adds` says that its images come to others that the project has. Answers `{"Kind", "Lines", "BadLines", "Labels",
    "Train", "Test", "TrainingData", "TestingData"}`, the last two as CreateProjectVersion takes the manifests before
    them. Without a test manifest `Test` is empty, and the service splits the training data. Raises DatasetError.
    """
    bucket, adds = from_environment(CheckDataset).datasets_bucket, bool(event["Adds"])
    s3 = client("s3")
    train = event["Manifest"]
    report = read_manifest(_lines(s3, train))
    check_train(TRAIN_MANIFEST, report, bucket, adds=adds)
    test = _test_manifest(s3, train)
    if test is not None:
        check_test(TEST_MANIFEST, read_manifest(_lines(s3, test)), report, bucket, adds=adds)
    logger.info("data set", kind=report.kind, lines=report.lines, labels=dict(report.images), test=bool(test))
    return {
        "Kind": report.kind.value,
        "Lines": report.lines,
        "BadLines": len(report.bad),
        "Labels": sorted(report.images),
        "Train": train,
        "Test": test or {},
        "TrainingData": _assets(train),
        "TestingData": _assets(test) if test else {"AutoCreate": True},
    }


def _test_manifest(s3: Any, train: dict[str, str]) -> dict[str, str] | None:
    key = train["Name"].removesuffix(TRAIN_MANIFEST) + TEST_MANIFEST
    answer = current_version(s3, train["Bucket"], key)
    return answer and {"Bucket": train["Bucket"], "Name": key, "Version": answer["VersionId"]}


def _lines(s3: Any, manifest: dict[str, str]) -> Iterator[str]:
    answer = s3.get_object(Bucket=manifest["Bucket"], Key=manifest["Name"], VersionId=manifest["Version"])
    for line in answer["Body"].iter_lines():
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DatasetError(f"{manifest['Name']} is not UTF-8: {error}") from error


def _assets(manifest: dict[str, str]) -> dict[str, Any]:
    return {"Assets": [{"GroundTruthManifest": {"S3Object": manifest}}]}
