"""check_dataset: called by train_model before it pays for a training."""

from collections.abc import Iterator
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.check_dataset.listing import Listing
from lambdas.clients import client
from lambdas.datasets.census import Manifest
from lambdas.datasets.lint import lint
from lambdas.datasets.manifest_text import text_lines
from lambdas.environment import CheckDataset, from_environment
from lambdas.manifests import current_version
from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST

logger: Final = Logger()
_PART_BYTES: Final = 1024 * 1024  # of a manifest that are held at a time
_LOGGED: Final = 20  # findings: a log's entry may have 256 KB


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
    test = _test_manifest(s3, train)
    report = lint(
        _manifest(s3, train, TRAIN_MANIFEST),
        _manifest(s3, test, TEST_MANIFEST) if test else None,
        bucket=bucket,
        region=s3.meta.region_name,
        look=Listing(s3, bucket).look,
        adds=adds,
    )
    logger.info("data set", report=report.to_json(most_findings=_LOGGED))
    report.raise_failures()
    return {
        "Kind": report.kind.value,
        "Lines": report.train.lines,
        "BadLines": report.train.bad,
        "Labels": sorted(report.train.images),
        "Train": train,
        "Test": test or {},
        "TrainingData": _assets(train),
        "TestingData": _assets(test) if test else {"AutoCreate": True},
    }


def _test_manifest(s3: Any, train: dict[str, str]) -> dict[str, str] | None:
    key = train["Name"].removesuffix(TRAIN_MANIFEST) + TEST_MANIFEST
    answer = current_version(s3, train["Bucket"], key)
    return answer and {"Bucket": train["Bucket"], "Name": key, "Version": answer["VersionId"]}


def _manifest(s3: Any, stored: dict[str, str], name: str) -> Manifest:
    where = {"Bucket": stored["Bucket"], "Key": stored["Name"], "VersionId": stored["Version"]}
    size = s3.head_object(**where)["ContentLength"]
    return Manifest(name=name, lines=text_lines(_parts(s3, where)), size=size)


def _parts(s3: Any, where: dict[str, str]) -> Iterator[bytes]:
    """Yield a manifest as it arrives; nothing is asked for before the first part is."""
    yield from s3.get_object(**where)["Body"].iter_chunks(_PART_BYTES)


def _assets(manifest: dict[str, str]) -> dict[str, Any]:
    return {"Assets": [{"GroundTruthManifest": {"S3Object": manifest}}]}
