"""The thresholds that Rekognition applies to a version where no MinConfidence is given."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.evaluations import read_evaluation


def assumed_thresholds(rekognition: Any, s3: Any, plan: Mapping[str, Any]) -> dict[str, float]:
    """Return the assumed threshold of each label, in percent; none where the version's evaluation is gone.

    The evaluation summary is the only place where the service tells them.
    """
    answer = rekognition.describe_project_versions(ProjectArn=plan["ProjectArn"], VersionNames=[plan["VersionName"]])
    for description in answer["ProjectVersionDescriptions"]:
        try:
            evaluation = read_evaluation(s3, description)
        except ClientError as error:
            if error_code(error) not in (
                "NoSuchKey",
                "NoSuchBucket",
                "AccessDenied",
            ):  # deleted, or of a copied version
                raise
        else:
            return evaluation.thresholds if evaluation else {}
    return {}
