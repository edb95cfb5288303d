"""Functions of the benchmarks' own beside the deployment: a way in of their own, or another handler for ours."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.pipeline import BenchmarkError, Pipeline
from local.cloud import ACCOUNT, REGION

HERE: Final = Path(__file__).parent
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/benchmarks"  # the plain profile enforces no policies
_TIMEOUT_SECONDS: Final = 60
_READY_SECONDS: Final = 30.0


@dataclass(frozen=True)
class SidePath:
    """A bucket whose uploads reach a function over a rule and a queue, as ours do."""

    bucket: str
    queue_url: str
    event_source_id: str


def add_path(
    pipeline: Pipeline,
    name: str,
    handler: str,
    environment: Mapping[str, str],
    *modules: str,
    batch: int,
    opened: bool,
) -> SidePath:
    """Make bucket, rule, queue and function; `handler` is MODULE.FUNCTION of a file in this folder, as `modules` are.

    The queue's visibility timeout is the function's own, as in the samples.
    """
    files = [HERE / f"{module}.py" for module in (handler.partition(".")[0], *modules)]
    function = add_function(pipeline, name, handler, files, environment)
    bucket = f"bench-{name}-{ACCOUNT}"
    s3, events, sqs = pipeline.clients("s3"), pipeline.clients("events"), pipeline.clients("sqs")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    queue_url = sqs.create_queue(QueueName=f"bench-{name}", Attributes={"VisibilityTimeout": str(_TIMEOUT_SECONDS)})[
        "QueueUrl"
    ]
    queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:bench-{name}"
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=f"bench-{name}", EventPattern=json.dumps(pattern))
    events.put_targets(Rule=f"bench-{name}", Targets=[{"Id": "queue", "Arn": queue_arn}])
    source = pipeline.clients("lambda").create_event_source_mapping(
        EventSourceArn=queue_arn, FunctionName=function, BatchSize=batch, Enabled=opened
    )
    return SidePath(bucket, queue_url, source["UUID"])


def add_function(
    pipeline: Pipeline,
    name: str,
    handler: str,
    files: Sequence[Path],
    environment: Mapping[str, str],
    like: Mapping[str, Any] | None = None,
) -> str:
    """Create a function of some files; `like` is another's configuration, to take layers and memory from."""
    function = f"bench-{name}"
    like = like or {}
    pipeline.clients("lambda").create_function(
        FunctionName=function,
        Runtime="python3.13",
        Role=_ROLE,
        Handler=handler,
        Code={"ZipFile": _zipped(files)},
        Timeout=like.get("Timeout", _TIMEOUT_SECONDS),
        MemorySize=like.get("MemorySize", 128),
        Layers=[layer["Arn"] for layer in like.get("Layers", [])],
        Environment={"Variables": {**like.get("Environment", {}).get("Variables", {}), **environment}},
    )
    _wait_until_active(pipeline, function)
    return function


def put_before(pipeline: Pipeline, project: str, name: str, handler: str, environment: Mapping[str, str]) -> str:
    """Let a project's event source call another function: the product's own code behind a handler of this folder.

    Return the name of the function that it called before; `give_back` undoes it.
    """
    source = pipeline.project(project).event_source_id
    functions = pipeline.clients("lambda")
    before = str(functions.get_event_source_mapping(UUID=source)["FunctionArn"])
    like = functions.get_function(FunctionName=before)["Configuration"]
    files = [*_product_code(pipeline), HERE / f"{handler.partition('.')[0]}.py"]
    functions.update_event_source_mapping(
        UUID=source, FunctionName=add_function(pipeline, name, handler, files, environment, like)
    )
    return before


def give_back(pipeline: Pipeline, project: str, function: str) -> None:
    """Let a project's event source call the product's function again."""
    source = pipeline.project(project).event_source_id
    pipeline.clients("lambda").update_event_source_mapping(UUID=source, FunctionName=function)


def _product_code(pipeline: Pipeline) -> list[Path]:
    """Return the files of the functions' asset, as it was deployed."""
    (settings,) = (pipeline.running.folder / "cdk.out").glob("asset.*/lambdas/settings.json")
    return [file for file in settings.parent.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def _zipped(files: Sequence[Path]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in files:
            root = next((parent.parent for parent in file.parents if parent.name == "lambdas"), file.parent)
            archive.write(file, file.relative_to(root))
    return packed.getvalue()


def _wait_until_active(pipeline: Pipeline, function: str) -> None:
    functions = pipeline.clients("lambda")

    def active() -> bool:
        return bool(functions.get_function(FunctionName=function)["Configuration"]["State"] == "Active")

    if not pipeline.wait(active, _READY_SECONDS):
        raise BenchmarkError(f"function {function} is not active after {_READY_SECONDS:.0f} s")
