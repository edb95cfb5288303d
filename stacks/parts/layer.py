"""The layer of third-party packages, made from the lock file without a container."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling, Stack
from aws_cdk import aws_lambda as lambda_

from lambdas.deployment_settings import DeploymentSettings

LOCK: Final = Path(__file__).parents[2] / "requirements" / "lambdas.txt"
PYTHON: Final = "3.13"  # that lambda_.Runtime.PYTHON_3_13 runs
_WHEEL_MACHINE: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
# Lambda's python3.13 has glibc 2.34, and pip takes only the exact tags that it is given.
_GLIBC: Final = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
# What tells the installer and the day, not the package. WHEEL and METADATA stay: they say what is in the layer.
_INSTALLERS_NOTES: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


class LayerError(RuntimeError):
    """The packages of the lock file could not be fetched; the message holds what pip said."""


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


def layer_hash(architecture: str) -> str:
    """Name what the layer is made from; the same lock file, architecture and Python make the same layer."""
    said = b"\0".join((LOCK.read_bytes(), architecture.encode(), PYTHON.encode()))
    return hashlib.sha256(said).hexdigest()


@jsii.implements(ILocalBundling)
class _Wheels:
    """Bundles the layer for CDK."""

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        install(Path(output_dir) / "python", self.architecture)
        return True


def install(target: Path, architecture: str) -> None:
    """Put the lock file's wheels for Lambda into a folder; raise LayerError when pip cannot."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
    command += [f"--platform={glibc}_{_WHEEL_MACHINE[architecture]}" for glibc in _GLIBC]
    command += [f"--target={target}", f"--requirement={LOCK}"]
    pip = subprocess.run(command, capture_output=True, text=True, check=False)
    if pip.returncode:
        raise LayerError(f"pip could not fetch requirements/lambdas.txt for {architecture}:\n{pip.stderr.strip()}")
    for path in list(_left_overs(target)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _left_overs(target: Path) -> Iterator[Path]:
    yield from (path for path in (target / "bin",) if path.exists())
    yield from target.rglob("__pycache__")
    for notes in target.glob("*.dist-info"):
        yield from (path for path in notes.iterdir() if path.name in _INSTALLERS_NOTES)
