"""The whole pipeline on this machine: deploy, train, drop images, get their labels. `make demo` runs it.

Exit code 1 when a step failed; stderr names the step and its log.
"""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment import Deployment, DeploymentNotFoundError, find_deployment
from cli.models import Model, ModelError, list_models, stop_model
from cli.workflows import ExecutionNotFoundError, find_execution, follow
from demo.drawing import annotate, write_page
from demo.judging import Verdict, judge
from demo.pictures import Picture, PictureSet, digits, scenes
from demo.progress import StepFailedError, Steps
from demo.subscriber import Subscriber, subscribed
from demo.upload import upload_dataset, upload_pictures
from lambdas.model_versions import VersionStatus
from lambdas.names import TRAIN_MANIFEST
from local.cloud import LocalCloudError, Profile, Running, start
from local.deployment import DeploymentError, bootstrap, deploy, stack_lines
from local.toolchain import CHECKOUT, ToolMissingError

BUILD: Final = CHECKOUT / "build"
DEPLOYMENT: Final = "demo"
DATASET: Final = "first"
ENOUGH: Final = 0.8  # share of the unseen images that must be labelled right
_NESTED: Final = "Run the model"  # the state of train_model that starts run_model
_TRAINING_SECONDS: Final = 300.0
_DETECTION_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 0.5

_EXPECTED_ERRORS: Final = (
    StepFailedError,
    LocalCloudError,
    DeploymentError,
    DeploymentNotFoundError,
    ToolMissingError,
    ExecutionNotFoundError,
    ModelError,
    ClientError,
    BotoCoreError,
)


@dataclass(frozen=True)
class Exhibit:
    """One project of the demo."""

    kind: str
    pictures: PictureSet


@dataclass(frozen=True)
class Trained:
    """What a project's training brought."""

    model: Model
    scores: dict[str, Any]  # the evaluation summary that training wrote


@dataclass(frozen=True)
class Outcome:
    """What became of one project's unseen images."""

    exhibit: Exhibit
    trained: Trained
    labels: Mapping[str, list[dict[str, Any]]]  # file name -> custom labels, as the results table has them
    verdicts: Sequence[Verdict]

    @property
    def right(self) -> int:
        """How many images are labelled right."""
        return sum(verdict.right for verdict in self.verdicts)

    def __str__(self) -> str:
        """Say in one line how good it was."""
        f1, count = self.trained.model.f1, len(self.verdicts)
        return f"{self.exhibit.kind}, F1 {f1:.3f}: {self.right} of {count} unseen images are right"


def main() -> int:
    """Run the demo and return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    steps = Steps()
    try:
        _demo(steps, BUILD)
    except _EXPECTED_ERRORS as error:
        steps.failed(error)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted at step '{steps.stopped_at}'", file=sys.stderr)
        return 130
    return 0


def _demo(steps: Steps, build: Path) -> None:
    with steps.step("make the pictures"):
        exhibits = {
            "digits": Exhibit("classification", digits(unseen=30)),
            "scenes": Exhibit("detection", scenes(unseen=15)),
        }
    with steps.step("start the local cloud"):
        running = start(Profile.PLAIN, build / "local" / "demo")
        steps.log = running.log
        steps.say(f"{running.endpoint}, log in {running.log}")
    try:
        outcomes = _on(running, steps, exhibits, build)
    finally:
        with steps.step("stop the local cloud"):
            running.stop()
    _write(build, outcomes, steps)


def _on(running: Running, steps: Steps, exhibits: Mapping[str, Exhibit], build: Path) -> dict[str, Outcome]:
    """Do the demo's work on a local cloud that runs."""
    with steps.step("bootstrap"):
        bootstrap(running)
    with steps.step("cdk deploy"):
        deploy(running, context={"deployment": DEPLOYMENT}, progress=stack_lines(steps.say))
    deployment = find_deployment(running.client, DEPLOYMENT)
    with steps.step("upload the data sets"):
        for name, exhibit in exhibits.items():
            upload_dataset(running.client("s3"), deployment.datasets_bucket, name, DATASET, exhibit.pictures, steps.say)
    with steps.step("train"):
        _follow_trainings(running, deployment, exhibits, steps)
    with steps.step("look at the models"):
        trained = {name: _trained(running, deployment, name, steps) for name in exhibits}
    topic = deployment.results_topic_arn
    with (
        steps.step("drop images, receive notifications"),
        subscribed(running.client("sqs"), running.client("sns"), topic) as subscriber,
    ):
        jobs = _detect(running, deployment, exhibits, subscriber, steps)
    with steps.step("read the results table"):
        labels = {name: _labels(running, deployment, jobs[name]) for name in jobs}
    outcomes = {
        name: Outcome(
            exhibit,
            trained[name],
            labels[name],
            [judge(picture, labels[name][picture.name]) for picture in exhibit.pictures.unseen],
        )
        for name, exhibit in exhibits.items()
    }
    for name, outcome in outcomes.items():
        _show(name, outcome.verdicts)
    with steps.step("draw what was found"):
        _draw(build / "demo", outcomes, steps)
    with steps.step("stop the models"):
        for name in exhibits:
            stopped = stop_model(running.client, deployment, name, steps.say, _LOOK_SECONDS)
            steps.say(f"{name}: stopped {', '.join(model.version for model in stopped)}")
    return outcomes


def _follow_trainings(running: Running, deployment: Deployment, exhibits: Mapping[str, Exhibit], steps: Steps) -> None:
    """Follow all trainings at once; raise StepFailedError when one fails or lasts too long."""
    pool = ThreadPoolExecutor(len(exhibits))
    following = [pool.submit(_follow_training, running, deployment, name, steps) for name in exhibits]
    try:
        for followed in as_completed(following, timeout=_TRAINING_SECONDS):
            followed.result()
    except TimeoutError:
        raise StepFailedError(f"a training did not end in {_TRAINING_SECONDS:.0f} s") from None
    finally:
        # Not waited for: on Ctrl-C the cloud ends, and with it what the threads look at.
        pool.shutdown(wait=False, cancel_futures=True)


def _follow_training(running: Running, deployment: Deployment, project: str, steps: Steps) -> None:
    """Show the states of train_model, and those of the run_model that it starts, each when it is first entered."""
    stepfunctions = running.client("stepfunctions")
    key = f"{project}/{DATASET}/{TRAIN_MANIFEST}"
    training = find_execution(stepfunctions, deployment.train_model_arn, key, _TRAINING_SECONDS)
    shown: set[str] = set()

    def show(state: str) -> None:
        if state in shown:
            return
        shown.add(state)
        steps.say(f"{project}: {state}")
        if state == _NESTED:
            run = find_execution(stepfunctions, deployment.run_model_arn, training, _TRAINING_SECONDS)
            follow(stepfunctions, run, show, _LOOK_SECONDS)

    ended = follow(stepfunctions, training, show, _LOOK_SECONDS)
    if ended.status != "SUCCEEDED":
        raise StepFailedError(f"training of {project} ended {ended.status}: {ended.error}: {ended.cause}")


def _trained(running: Running, deployment: Deployment, project: str, steps: Steps) -> Trained:
    model = next(model for model in list_models(running.client, deployment, project) if model.active)
    if model.status is not VersionStatus.RUNNING:
        raise StepFailedError(f"model {model.version} of {project} is {model.status}, not RUNNING: {model.message}")
    described = running.client("rekognition").describe_project_versions(
        ProjectArn=model.project_arn, VersionNames=[model.version]
    )["ProjectVersionDescriptions"][0]
    where = described["EvaluationResult"]["Summary"]["S3Object"]
    scores = json.load(running.client("s3").get_object(Bucket=where["Bucket"], Key=where["Name"])["Body"])
    steps.say(f"{project}: {model.version} is RUNNING, F1 {model.f1:.3f}")
    for label in scores["LabelEvaluationResults"]:
        said = label["Metrics"]
        steps.say(
            f"    {label['Label']:<8} F1 {said['F1Score']:.2f}  precision {said['Precision']:.2f}  "
            f"recall {said['Recall']:.2f}  assumed threshold {100 * said['Threshold']:.0f}"
        )
    return Trained(model, scores)


def _detect(
    running: Running,
    deployment: Deployment,
    exhibits: Mapping[str, Exhibit],
    subscriber: Subscriber,
    steps: Steps,
) -> dict[str, dict[str, str]]:
    """Upload the unseen images; return the job id of each by project and key, as the notifications told them."""
    for name, exhibit in exhibits.items():
        upload_pictures(running.client("s3"), deployment.images_bucket, name, exhibit.pictures.unseen, steps.say)
    awaited = {f"{name}/{picture.name}" for name, exhibit in exhibits.items() for picture in exhibit.pictures.unseen}

    def all_there(received: list[dict[str, Any]]) -> bool:
        return awaited <= {message["Image"]["S3ObjectName"] for message in received}

    received = subscriber.receive(_DETECTION_SECONDS, all_there)
    told = {message["Image"]["S3ObjectName"]: message["JobId"] for message in received}
    steps.say(f"{len(told)} of {len(awaited)} notifications received")
    if missing := awaited - told.keys():
        raise StepFailedError(f"no notification of {len(missing)} images, {min(missing)} is one")
    return {name: {key: told[key] for key in told if key.startswith(f"{name}/")} for name in exhibits}


def _labels(running: Running, deployment: Deployment, jobs: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Read the labels of jobs from the results table: file name -> custom labels."""
    table = deployment.results(running.client)
    labels = {}
    for key, job_id in jobs.items():
        job = table.job(job_id)
        if job is None or "CustomLabels" not in job.outcome:
            raise StepFailedError(f"the results table has no labels of {key} (job {job_id})")
        labels[key.rpartition("/")[2]] = job.outcome["CustomLabels"]
    return labels


def _show(project: str, verdicts: Sequence[Verdict]) -> None:
    print(f"\n    {project:<17} {'expected':<28} {'found':<28} confidence")
    for verdict in verdicts:
        print(
            f"    {verdict.picture.name:<17} {verdict.expected:<28} {verdict.found:<28} "
            f"{verdict.confidence:>9.1f}  {'right' if verdict.right else 'WRONG'}"
        )


def _draw(folder: Path, outcomes: Mapping[str, Outcome], steps: Steps) -> None:
    for name, outcome in outcomes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for verdict in outcome.verdicts:
            picture: Picture = verdict.picture
            annotate(picture, outcome.labels[picture.name], verdict.right).save(folder / name / picture.name)
    page = folder / "index.html"
    write_page(page, {name: (str(outcome), outcome.verdicts) for name, outcome in outcomes.items()})
    steps.say(f"open {page}")


def _write(build: Path, outcomes: Mapping[str, Outcome], steps: Steps) -> None:
    report = {
        "projects": {
            name: {
                "kind": outcome.exhibit.kind,
                "f1": outcome.trained.model.f1,
                "unseen": len(outcome.verdicts),
                "right": outcome.right,
            }
            for name, outcome in outcomes.items()
        },
        "seconds": steps.seconds,
    }
    (build / "demo.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print()
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}")
        if outcome.right < ENOUGH * len(outcome.verdicts):
            raise StepFailedError(
                f"{name}: only {outcome.right} of {len(outcome.verdicts)} unseen images are labelled right"
            )
    print(f"Pictures: {build / 'demo' / 'index.html'}   Numbers: {build / 'demo.json'}")


if __name__ == "__main__":
    sys.exit(main())
