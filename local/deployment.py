"""Deploy a CDK app to a local cloud with the real CDK command line."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local import toolchain
from local.cloud import ACCOUNT, REGION, Running, kill_group, tail
from local.toolchain import CHECKOUT

Outputs = dict[str, dict[str, str]]  # stack -> output -> value
Progress = Callable[[str], None]  # is given each line that the command line prints


class DeploymentError(RuntimeError):
    """A step failed; the message names the command and the log and ends with the log's last lines."""


def _silent(_: str) -> None:
    return None


def stack_lines(show: Progress) -> Progress:
    """Show, of the command line's many lines, those that tell of a stack's progress."""

    def progress(line: str) -> None:
        if "✅" in line or "❌" in line or ": deploying" in line:
            show(line.strip())

    return progress


def bootstrap(running: Running, *, progress: Progress = _silent) -> None:
    """Create what the CDK needs in an account: its bucket for assets and its roles."""
    # From outside the app: inside, the command line would synthesize it first, for nothing.
    _cdk(running, "bootstrap", [f"aws://{ACCOUNT}/{REGION}"], running.scratch, progress)


def make_flow_definitions(running: Running, deployment: str) -> None:
    """Create the flow definitions that a deployment of cdk.json names, as an account's owner would in Augmented AI.

    What cdk.json says wrongly is left to the deploy, which names it.
    """
    context = json.loads((CHECKOUT / "cdk.json").read_text(encoding="utf-8"))["context"]
    flows: dict[str, str] = {}  # name -> bucket
    for project in context["deployments"].get(deployment, {}).get("projects", {}).values():
        match project:
            case {"moderation": {"human_review": {"flow_definition_arn": str(arn), "output_bucket": str(bucket)}}}:
                flows[arn.rpartition("/")[2]] = bucket
    for name, bucket in flows.items():
        running.client("sagemaker").create_flow_definition(
            FlowDefinitionName=name,
            HumanLoopRequestSource={
                "AwsManagedHumanLoopRequestSource": "AWS/Rekognition/DetectModerationLabels/Image/V3"
            },
            OutputConfig={"S3OutputPath": f"s3://{bucket}/"},
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/reviews",
        )


def deploy(
    running: Running,
    *,
    context: Mapping[str, str] | None = None,
    app: Path = CHECKOUT,
    progress: Progress = _silent,
) -> Outputs:
    """Synthesize the app in the folder `app` with the context and deploy all its stacks; return their outputs.

    What was synthesized stays in the local cloud's folder, as cdk.out.
    """
    outputs = running.scratch / "outputs.json"
    outputs.unlink(missing_ok=True)
    arguments = ["--all", "--require-approval=never", f"--outputs-file={outputs}", "--concurrency=4"]
    arguments += [*_assembly(running), *(f"--context={key}={value}" for key, value in (context or {}).items())]
    _cdk(running, "deploy", arguments, app, progress)
    found: Outputs = json.loads(outputs.read_text()) if outputs.is_file() else {}
    return found


def destroy(running: Running, *, progress: Progress = _silent) -> None:
    """Delete all stacks of the app that was deployed last, from what was synthesized then."""
    synthesized = [f"--app={running.folder / 'cdk.out'}", "--all", "--force"]
    _cdk(running, "destroy", synthesized, running.scratch, progress)


def _assembly(running: Running) -> list[str]:
    # A folder per local cloud: the command line locks it, and several may deploy at once.
    return [f"--output={running.folder / 'cdk.out'}"]


def _cdk(running: Running, step: str, arguments: Sequence[str], folder: Path, progress: Progress) -> None:
    tools = toolchain.find()
    command = [str(tools.node), str(tools.cdk), step, *arguments, "--no-notices"]
    log = running.folder / f"{step}.log"
    environment = os.environ | tools.environment() | running.environment()
    with log.open("w") as text:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Node starts processes of its own; all of them end below
        )
        try:
            with process:
                for line in process.stdout or ():
                    text.write(line)
                    text.flush()
                    progress(line.rstrip())
        finally:
            kill_group(process)
    if process.returncode != 0:
        raise DeploymentError(
            f"cdk {step} failed ({process.returncode}): {' '.join(command)}\n"
            f"see {log} and {running.log}:\n{tail(log, 30)}"
        )
