"""The function report_training and what it may do: read a training and its images, write and note its report."""

from constructs import Construct

from lambdas.deployment_settings import DeploymentSettings
from lambdas.environment import ReportTraining
from stacks.parts.policy import allow
from stacks.parts.python_function import PythonFunction, Size
from stacks.parts.rekognition import allow_describing
from stacks.storage import Storage


def report_training(scope: Construct, settings: DeploymentSettings, storage: Storage) -> PythonFunction:
    """Make the function."""
    function = PythonFunction(
        scope,
        "report_training",
        settings=settings,
        # Three files of up to 512 MB each are read through, and a dozen pictures decoded beside them.
        size=Size(seconds=600, megabytes=2048),
        environment=ReportTraining(
            registry_table=storage.registry.table_name, datasets_bucket=storage.datasets.bucket_name
        ),
    )
    datasets, output = storage.datasets, storage.training_output
    allow(
        function.role,
        "s3:GetObject",
        on=[datasets.arn_for_objects("*"), output.arn_for_objects("*")],
        wide_because="A data set names its images itself, and each training writes under a folder of its own",
    )
    allow(
        function.role,
        "s3:PutObject",
        on=[output.arn_for_objects("*/TrainingReport-*")],
        wide_because="Each training has a report of its own",
    )
    # Without it S3 says "forbidden" of an image that was deleted.
    allow(function.role, "s3:ListBucket", on=[datasets.bucket_arn, output.bucket_arn])
    allow(function.role, "dynamodb:GetItem", "dynamodb:UpdateItem", on=[storage.registry.table_arn])
    allow_describing(function.role, settings.name)
    return function
