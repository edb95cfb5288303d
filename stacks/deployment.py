"""Which deployment is meant, and the stacks that it is made of."""

import os
from typing import Any, Final

from aws_cdk import Annotations, App, Environment, Stack, Tags
from constructs import Node

from lambdas.delivery import VIDEO_BATCHES, max_concurrency
from lambdas.deployment_settings import DeploymentSettings, parse_deployment
from lambdas.setting_checks import SettingsError
from stacks.closing import Closing
from stacks.governor import Governor
from stacks.guard import Guard
from stacks.inference import Inference
from stacks.parts.telling import wants_frames
from stacks.project import Project
from stacks.requests import Requests
from stacks.reviews import Reviews
from stacks.storage import Storage
from stacks.sweep import Sweep
from stacks.training import Training
from stacks.video_frames import VideoFrames
from stacks.videos import Videos

LEFT_FOR_OTHERS: Final = 2  # concurrent executions that detection must leave to the account's other functions


def read_deployment(context: Node) -> DeploymentSettings:
    """Read the deployment that `-c deployment=NAME` chose; raise SettingsError that names the wrong key."""
    known: dict[str, Any] = context.try_get_context("deployments") or {}
    name = context.try_get_context("deployment")
    if name not in known:
        raise SettingsError(
            f"deployment {name!r} is not in cdk.json; choose with -c deployment=NAME one of {', '.join(sorted(known))}"
        )
    settings = parse_deployment(name, known[name])
    _check_concurrency(settings)
    return settings


def make_stacks(app: App, settings: DeploymentSettings) -> None:
    """Make all stacks of a deployment, in the account and region of the CLI's credentials."""
    env = Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
    _check_flow_definitions(settings, env)
    storage = Storage(app, settings, env=env)
    inference = Inference(app, settings, storage, env=env)
    others: list[Stack] = [storage, inference]
    if settings.human_reviews:
        reviews = Reviews(app, settings, settings.human_reviews, storage, env=env)
        inference.add_dependency(reviews)
        others.append(reviews)
    videos = Videos(app, settings, storage, env=env) if _video_queues(settings) else None
    others += [videos] if videos else []
    others += [Project(app, settings, project, storage, inference, videos, env=env) for project in settings.projects]
    others += [
        Requests(app, settings, storage, env=env),
        Training(app, settings, storage, inference, env=env),
        Governor(app, settings, storage, inference, env=env),
        Guard(app, settings, storage, env=env),
        Sweep(app, settings, storage, env=env),
    ]
    if wants_frames(settings):
        others.append(VideoFrames(app, settings, storage, env=env))
    Closing(app, settings, storage, inference, others, env=env)
    for number, doubt in enumerate(settings.doubts):
        Annotations.of(inference).add_warning_v2(f"custom-labels:doubt{number}", doubt)
    Tags.of(app).add("Deployment", settings.name)


def _check_flow_definitions(settings: DeploymentSettings, env: Environment) -> None:
    """Refuse a flow definition that Rekognition could not use from here, where account and Region are known."""
    for name, project in settings.projects.items():
        review = project.moderation.human_review if project.moderation else None
        if review is None:
            continue
        for what, said, ours in (("Region", review.region, env.region), ("account", review.account, env.account)):
            if ours is not None and said != ours:
                raise SettingsError(
                    f"deployments.{settings.name}.projects.{name}.moderation.human_review.flow_definition_arn is of "
                    f"{what} {said}, but the deployment goes to {what} {ours}; name a flow definition that is there. "
                    "Amazon Augmented AI takes no new customers: an account that does not use it yet can have none, "
                    "and leaves human_review out"
                )


def _video_queues(settings: DeploymentSettings) -> int:
    return sum(project.videos is not None for project in settings.projects.values())


def _check_concurrency(settings: DeploymentSettings) -> None:
    unknown = max_concurrency(0)  # for keys of no project
    projects = sum(max_concurrency(project.max_inference_units) for project in settings.projects.values())
    queues = _video_queues(settings)
    videos = VIDEO_BATCHES * (queues + 1) if queues else 0  # and one to collect what was found
    videos += 2 * VIDEO_BATCHES if wants_frames(settings) else 0  # to sample and to merge
    needed = projects + videos + unknown + LEFT_FOR_OTHERS
    if needed > settings.account_concurrency:
        raise SettingsError(
            f"deployments.{settings.name}.account_concurrency is {settings.account_concurrency}, but {needed} are "
            f"needed: {projects} for the queues of {len(settings.projects)} projects, {videos} for their videos, "
            f"{unknown} for keys of none and {LEFT_FOR_OTHERS} for other functions. Ask AWS to raise the account's "
            "limit and say here what it is, or remove projects or inference units"
        )
