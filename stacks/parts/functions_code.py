"""The code of all functions: the package `lambdas` and the deployment's settings, one asset."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from lambdas.deployment_settings import SETTINGS_FILE, DeploymentSettings

PACKAGE: Final = SETTINGS_FILE.parent


def functions_code(settings: DeploymentSettings) -> lambda_.Code:
    """Return the code asset, the same for every function; CDK wants a new object in each stack."""
    return lambda_.Code.from_asset(
        str(PACKAGE),
        asset_hash=code_hash(settings),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=BundlingOptions(image=DockerImage.from_registry("never-pulled"), local=_Package(settings)),
    )


def code_hash(settings: DeploymentSettings) -> str:
    """Name the code by its paths and contents, so that a new checkout of the same code is no change."""
    digest = hashlib.sha256()
    for path, content in _files(settings):
        digest.update(f"{path.as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


@jsii.implements(ILocalBundling)
class _Package:
    """Bundles the code for CDK."""

    def __init__(self, settings: DeploymentSettings) -> None:
        self.settings = settings

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        for path, content in _files(self.settings):
            target = Path(output_dir) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return True


def _files(settings: DeploymentSettings) -> Iterator[tuple[Path, bytes]]:
    """Yield each file of the asset, by its path there, in order of paths."""
    for source in sorted(PACKAGE.rglob("*.py")):
        yield source.relative_to(PACKAGE.parent), source.read_bytes()
    yield SETTINGS_FILE.relative_to(PACKAGE.parent), settings.to_json().encode()
