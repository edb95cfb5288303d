"""The layers of third-party packages, made from lock files without a container."""

from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling, Stack
from aws_cdk import aws_lambda as lambda_

from lambdas.deployment_settings import DeploymentSettings
from stacks.parts.wheels import LOCK, PYTHON, VIDEO_LOCK, fetch, install, layer_hash


def third_party_layer(stack: Stack, settings: DeploymentSettings) -> lambda_.ILayerVersion:
    """Return the stack's layer of what all functions need, made on first use."""
    return _layer(stack, "ThirdParty", LOCK, settings.architecture)


def video_layer(stack: Stack, settings: DeploymentSettings) -> lambda_.ILayerVersion:
    """Return the stack's layer of what decodes videos: it is large, and for the one function that needs it."""
    return _layer(stack, "Video", VIDEO_LOCK, settings.architecture)


def _layer(stack: Stack, name: str, lock: Path, architecture: str) -> lambda_.ILayerVersion:
    """Return a layer that the stack has for itself.

    A layer version shared by stacks could not be replaced while one of them uses it.
    """
    made = stack.node.try_find_child(name)
    if isinstance(made, lambda_.LayerVersion):
        return made
    return lambda_.LayerVersion(
        stack,
        name,
        description=f"Packages of requirements/{lock.name}, Python {PYTHON}, {architecture}",
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[lambda_.Architecture.custom(architecture)],
        code=lambda_.Code.from_asset(
            str(lock.parent),
            asset_hash=layer_hash(architecture, lock),
            asset_hash_type=AssetHashType.CUSTOM,
            bundling=BundlingOptions(
                image=DockerImage.from_registry("never-pulled"), local=_Wheels(architecture, lock)
            ),
        ),
    )


@jsii.implements(ILocalBundling)
class _Wheels:
    """Bundles the layer for CDK."""

    def __init__(self, architecture: str, lock: Path) -> None:
        self.architecture = architecture
        self.lock = lock

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        install(Path(output_dir) / "python", self.architecture, fetch(self.architecture, self.lock), self.lock)
        return True
