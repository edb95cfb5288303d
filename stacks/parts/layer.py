"""The layer of third-party packages, made from the lock file without a container."""

from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling, Stack
from aws_cdk import aws_lambda as lambda_

from lambdas.deployment_settings import DeploymentSettings
from stacks.parts.wheels import LOCK, PYTHON, fetch, install, layer_hash


def third_party_layer(stack: Stack, settings: DeploymentSettings) -> lambda_.ILayerVersion:
    """Return the stack's layer, made on first use.

    Each stack has its own: a layer version shared by stacks could not be replaced while one of them uses it.
    """
    made = stack.node.try_find_child("ThirdParty")
    if isinstance(made, lambda_.LayerVersion):
        return made
    architecture = settings.architecture
    return lambda_.LayerVersion(
        stack,
        "ThirdParty",
        description=f"Packages of requirements/lambdas.txt, Python {PYTHON}, {architecture}",
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[lambda_.Architecture.custom(architecture)],
        code=lambda_.Code.from_asset(
            str(LOCK.parent),
            asset_hash=layer_hash(architecture),
            asset_hash_type=AssetHashType.CUSTOM,
            bundling=BundlingOptions(image=DockerImage.from_registry("never-pulled"), local=_Wheels(architecture)),
        ),
    )


@jsii.implements(ILocalBundling)
class _Wheels:
    """Bundles the layer for CDK."""

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        install(Path(output_dir) / "python", self.architecture, fetch(self.architecture))
        return True
