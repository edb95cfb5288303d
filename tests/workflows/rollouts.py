"""What tests of trainings and swaps do again and again."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cli.models import Model, list_models, stop_model
from cli.starting import start_model
from cli.workflows import Ended, states_entered
from demo.pictures import PictureSet
from demo.upload import upload_dataset
from lambdas.images import ImageRef
from lambdas.names import TRAIN_MANIFEST
from tests.harness import Cloud, uploaded


def upload(cloud: Cloud, project: str, dataset: str, pictures: PictureSet) -> str:
    """Upload a data set, which starts its training; return the manifest's key."""
    return upload_dataset(
        cloud.clients("s3"), cloud.deployment.datasets_bucket, project, dataset, pictures, lambda _: None
    )


def event_of(cloud: Cloud, key: str, **detail: Any) -> dict[str, Any]:
    """Return the event of an uploaded manifest, with more in its detail."""
    head = cloud.clients("s3").head_object(Bucket=cloud.deployment.datasets_bucket, Key=key)
    event = uploaded(ImageRef(cloud.deployment.datasets_bucket, key, head["VersionId"]))
    event["detail"] |= detail
    return event


def train(cloud: Cloud, project: str, dataset: str, pictures: PictureSet) -> Model:
    """Train a data set to the project's active version, which runs."""
    ended, states = cloud.end_of(cloud.training_of(upload(cloud, project, dataset, pictures)))
    assert ended.status == "SUCCEEDED", (ended, states)
    return models(cloud, project)[ended.output["VersionName"]]


def manifest_key(project: str, dataset: str) -> str:
    return f"{project}/{dataset}/{TRAIN_MANIFEST}"


def models(cloud: Cloud, project: str) -> Mapping[str, Model]:
    return {model.version: model for model in list_models(cloud.clients, cloud.deployment, project)}


def running(cloud: Cloud) -> set[tuple[str, str]]:
    """Return project and version of all that is billed."""
    return {(model.project, model.version) for model in list_models(cloud.clients, cloud.deployment) if model.is_billed}


def stop(cloud: Cloud, project: str, until: float | None = None) -> None:
    """Stop a project's models, as a person does."""
    stop_model(cloud.clients, cloud.deployment, project, lambda _: None, cloud.look_seconds, until)


def await_state(cloud: Cloud, execution: str, state: str) -> None:
    """Wait until an execution has entered a state."""
    stepfunctions = cloud.clients("stepfunctions")
    cloud.eventually(lambda: state in states_entered(stepfunctions, execution), 60, lambda: f"{state} not entered")


def start(cloud: Cloud, project: str, version: str | None = None) -> tuple[Ended, list[str]]:
    """Start a project's model, as a person does; return how run_model ended and its states."""
    execution = start_model(cloud.clients, cloud.deployment, project, version).execution
    assert execution, f"the model of {project} runs already"
    return cloud.end_of(execution)


def active(cloud: Cloud, project: str) -> Model:
    (found,) = [model for model in models(cloud, project).values() if model.active]
    return found


def event_source_state(cloud: Cloud, project: str) -> str:
    source = cloud.deployment.project(project).event_source_id
    return str(cloud.clients("lambda").get_event_source_mapping(UUID=source)["State"])


def noise(pictures: PictureSet) -> PictureSet:
    """Return the same pictures with labels that nothing can learn."""
    chance = random.Random(1)
    return PictureSet(
        *(
            tuple(replace(picture, labels=(chance.choice(["heads", "tails"]),)) for picture in split)
            for split in (pictures.train, pictures.test, pictures.unseen)
        )
    )
