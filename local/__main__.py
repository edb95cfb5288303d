"""Keep a local cloud with the deployment running until Ctrl-C, and say how to use it. `make local` runs it."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from local.cloud import LocalCloudError, Profile, Running, start
from local.deployment import DeploymentError, Outputs, bootstrap, deploy, make_flow_definitions, stack_lines
from local.toolchain import CHECKOUT, ToolMissingError

_STORAGE = "-storage"


def main() -> int:
    """Start, deploy, wait for Ctrl-C, stop."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    try:
        folder = CHECKOUT / "build" / "local" / str(options.port)
        running = start(options.profile, folder, port=options.port, quotas=options.quotas)
    except LocalCloudError as error:
        print(f"the local cloud did not start: {error}", file=sys.stderr)
        return 1
    try:
        print(f"local cloud at {running.endpoint}, log in {running.log}; deploying ...", flush=True)
        bootstrap(running)
        make_flow_definitions(running, options.deployment)
        outputs = deploy(running, context={"deployment": options.deployment}, progress=stack_lines(_say))
        print(_usage(running, outputs), flush=True)
        running.process.wait()  # Ctrl-C and SIGTERM raise KeyboardInterrupt
        print(f"the local cloud died, see {running.log}:\n{running.tail()}", file=sys.stderr)
        return 1
    except (DeploymentError, ToolMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopping the local cloud")
    finally:
        running.stop()
    return 0


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m local", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, choices=range(1, 65536), metavar="PORT", default=4566)
    parser.add_argument("--deployment", default="demo")
    parser.add_argument("--profile", type=Profile, choices=list(Profile), default=Profile.PLAIN)
    parser.add_argument("--quotas", default="service", help="of Rekognition, see local/rekognition/quotas.py")
    return parser.parse_args()


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _usage(running: Running, outputs: Outputs) -> str:
    storage = next(values for stack, values in outputs.items() if stack.endswith(_STORAGE))
    exports = "\n".join(
        f"  export {name}={value}" for name, value in running.environment().items() if value and name.startswith("AWS_")
    )
    bucket, topic = storage["ImagesBucket"], storage["ResultsTopicArn"]
    projects = sorted(stack.split("-project-")[1] for stack in outputs if "-project-" in stack)
    python, customlabels = sys.executable, Path(sys.executable).with_name("customlabels")
    return f"""
Ready. In another shell:
{exports}

  images bucket    {bucket}
  datasets bucket  {storage["DatasetsBucket"]}
  results table    {storage["ResultsTable"]}
  results topic    {topic}
  projects         {", ".join(projects)}

No model runs yet: images wait in their queue until one is trained. To train on the demo's pictures, which leaves
images that no training has seen in build/pictures/, and to drop one of them:

  {python} -m demo.upload digits
  {customlabels} models
  aws s3 cp build/pictures/digits/unseen-0000.png s3://{bucket}/digits/
  {customlabels} results digits

More:

  aws rekognition describe-projects
  aws sqs list-queues --endpoint-url {running.endpoint}     (version 1 of the AWS CLI needs it for SQS)

  import boto3
  boto3.client("s3").upload_file("part.png", "{bucket}", "{projects[0]}/part.png")
  boto3.client("sns").subscribe(TopicArn="{topic}", Protocol="sqs", Endpoint=YOUR_QUEUE_ARN)

Ctrl-C stops the cloud and forgets all in it.
"""


if __name__ == "__main__":
    sys.exit(main())
