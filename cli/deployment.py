"""Finds a deployment by the outputs of its stacks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.label_objects import LabelObjects
from lambdas.meter import Meter
from lambdas.names import STACK_PREFIX, rekognition_prefix, stack_name
from lambdas.queries import Queries
from lambdas.registry import Registry
from lambdas.runtime_settings import Runtime
from lambdas.start_jobs import StartJobs
from lambdas.stored_images import Reach

_STORAGE: Final = "-storage"
_GOING: Final = ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")  # a deletion that failed has left a stack to look at

Clients = Callable[[str], Any]  # a service's name -> its boto3 client


class DeploymentNotFoundError(LookupError):
    """There is no such deployment in this account and Region, or not one alone."""


class UnknownProjectError(LookupError):
    """The deployment has no project of that name."""


@dataclass(frozen=True)
class Project:
    """What belongs to one project of a deployment."""

    name: str
    queue_url: str
    dead_letter_queue_url: str
    event_source_id: str
    min_inference_units: int = 1  # of a start
    source_buckets: frozenset[str] = frozenset()  # other buckets whose images it may be asked to look at
    runtime: Runtime = Runtime.ALWAYS_ON


@dataclass(frozen=True)
class Deployment:
    """A deployment as its stacks' outputs describe it."""

    name: str
    images_bucket: str
    datasets_bucket: str
    training_output_bucket: str
    results_table: str
    results_bucket: str
    registry_table: str
    results_topic_arn: str
    training_topic_arn: str
    operations_topic_arn: str
    storage: Mapping[str, str]  # outputs of the storage stack
    workflows: Mapping[str, str]  # outputs of the training stack: empty where it is not there
    projects: Mapping[str, Project]

    @property
    def train_model_arn(self) -> str:
        """The ARN of train_model; raises DeploymentNotFoundError where it is not deployed."""
        return self._workflow("TrainModelArn")

    @property
    def run_model_arn(self) -> str:
        """The ARN of run_model; raises DeploymentNotFoundError where it is not deployed."""
        return self._workflow("RunModelArn")

    def _workflow(self, output: str) -> str:
        stack = stack_name(self.name, "training")
        return _output({stack: self.workflows}, stack, output)

    @property
    def unit_hour_price(self) -> float:
        """US dollars for an inference unit's hour; raises DeploymentNotFoundError where it was deployed without."""
        stack = stack_name(self.name, "storage")
        return float(_output({stack: self.storage}, stack, "UnitHourPrice"))

    def project(self, name: str) -> Project:
        """Return a project; raise UnknownProjectError that lists the known ones."""
        if name not in self.projects:
            known = ", ".join(sorted(self.projects))
            raise UnknownProjectError(f"{self.name} has no project {name!r}; it has {known}")
        return self.projects[name]

    def reach(self, project: Project) -> Reach:
        """Return which stored images a project may be asked to look at."""
        return Reach(project.name, self.images_bucket, project.source_buckets)

    def results(self, clients: Clients) -> Queries:
        """Return what the deployment's results table can be asked."""
        return Queries(clients("dynamodb"), self.results_table)

    def start_jobs(self, clients: Clients) -> StartJobs:
        """Return the start jobs, which the results table holds too."""
        return StartJobs(clients("dynamodb"), self.results_table)

    def label_objects(self, clients: Clients) -> LabelObjects:
        """Return the lists of labels that the results table points to."""
        return LabelObjects(clients("s3"), self.results_bucket)

    def meter(self, clients: Clients) -> Meter:
        """Return what the deployment's models ran for."""
        return Meter(clients("dynamodb"), self.registry_table)

    def registry(self, clients: Clients) -> Registry:
        """Return the deployment's model registry."""
        return Registry(clients("dynamodb"), self.registry_table)

    @property
    def rekognition_prefix(self) -> str:
        """What the names of its Rekognition projects begin with."""
        return rekognition_prefix(self.name)


def find_deployment(clients: Clients, name: str | None = None) -> Deployment:
    """Return the deployment of that name, or the only one where none is named."""
    stacks = _outputs(clients("cloudformation"))
    names = sorted(
        stack[len(STACK_PREFIX) : -len(_STORAGE)]
        for stack, outputs in stacks.items()
        if stack.endswith(_STORAGE) and "ResultsTable" in outputs
    )
    if name is None:
        if len(names) != 1:
            found = f"found {', '.join(names)}; choose with --deployment" if names else "found none; run `make deploy`"
            raise DeploymentNotFoundError(f"one deployment was expected in this account and Region, {found}")
        name = names[0]
    if name not in names:
        raise DeploymentNotFoundError(f"no deployment {name!r} in this account and Region; found: {names or 'none'}")
    return _deployment(name, stacks)


def _outputs(cloudformation: Any) -> dict[str, dict[str, str]]:
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    return {
        stack["StackName"]: {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"].startswith(STACK_PREFIX) and stack["StackStatus"] not in _GOING
    }


def _deployment(name: str, stacks: Mapping[str, Mapping[str, str]]) -> Deployment:
    storage = stack_name(name, "storage")
    prefix = stack_name(name, "project-")
    return Deployment(
        name=name,
        images_bucket=_output(stacks, storage, "ImagesBucket"),
        datasets_bucket=_output(stacks, storage, "DatasetsBucket"),
        training_output_bucket=_output(stacks, storage, "TrainingOutputBucket"),
        results_table=_output(stacks, storage, "ResultsTable"),
        results_bucket=_output(stacks, storage, "ResultsBucket"),
        registry_table=_output(stacks, storage, "RegistryTable"),
        results_topic_arn=_output(stacks, storage, "ResultsTopicArn"),
        training_topic_arn=_output(stacks, storage, "TrainingTopicArn"),
        operations_topic_arn=_output(stacks, storage, "OperationsTopicArn"),
        storage=stacks[storage],
        # Not asked for yet: models must be found and stopped also where a deploy or a destroy ended halfway.
        workflows=stacks.get(stack_name(name, "training"), {}),
        projects={
            stack.removeprefix(prefix): Project(
                stack.removeprefix(prefix),
                outputs["QueueUrl"],
                outputs["DeadLetterQueueUrl"],
                outputs["EventSourceId"],
                int(outputs.get("MinInferenceUnits", 1)),
                frozenset(outputs.get("SourceBuckets", "").split()),
                # Without the output it was deployed when nothing but a person stopped a model.
                Runtime(outputs.get("Runtime", Runtime.ALWAYS_ON)),
            )
            for stack, outputs in stacks.items()
            # A project's stack that failed to deploy has no outputs; the others go on working.
            if stack.startswith(prefix) and "QueueUrl" in outputs
        },
    )


def _output(stacks: Mapping[str, Mapping[str, str]], stack: str, output: str) -> str:
    if output not in stacks.get(stack, {}):
        raise DeploymentNotFoundError(f"stack {stack} is missing or was not deployed to the end; run `make deploy`")
    return stacks[stack][output]
