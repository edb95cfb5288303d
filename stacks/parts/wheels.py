"""The wheels of the layers: fetched once for a lock file and a machine, then installed without a network.

`python -m stacks.parts.wheels` fetches them beforehand; a synthesis that misses them fetches them itself.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_CHECKOUT: Final = Path(__file__).parents[2]
LOCK: Final = _CHECKOUT / "requirements" / "lambdas.txt"  # of what all functions need
VIDEO_LOCK: Final = _CHECKOUT / "requirements" / "video.txt"  # of what decodes videos
FETCHED: Final = _CHECKOUT / "build" / "wheels"
PYTHON: Final = "3.13"  # that lambda_.Runtime.PYTHON_3_13 runs
_WHEEL_MACHINE: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
# Lambda's python3.13 has glibc 2.34, and pip takes only the exact tags that it is given.
_GLIBC: Final = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
# What tells the installer and the day, not the package. WHEEL and METADATA stay: they say what is in the layer.
_INSTALLERS_NOTES: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


class LayerError(RuntimeError):
    """The packages of the lock file could not be had; the message holds what pip said."""


def layer_hash(architecture: str, lock: Path = LOCK) -> str:
    """Name what the layer is made from; the same lock file, architecture and Python make the same layer."""
    said = b"\0".join((lock.read_bytes(), architecture.encode(), PYTHON.encode()))
    return hashlib.sha256(said).hexdigest()


def fetch(architecture: str, lock: Path = LOCK) -> Path:
    """Return the folder with the lock file's wheels for a machine; fetch them where they are not there yet.

    Raises LayerError when pip cannot.
    """
    folder = FETCHED / layer_hash(architecture, lock)
    if not folder.is_dir():
        FETCHED.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=FETCHED) as partial:
            _pip("download", architecture, lock, f"--dest={partial}/wheels")
            shutil.move(f"{partial}/wheels", folder)
    return folder


def install(target: Path, architecture: str, wheels: Path, lock: Path = LOCK) -> None:
    """Install the lock file's packages from a folder of wheels, the same bytes each time; raise LayerError."""
    _pip("install", architecture, lock, "--no-compile", "--no-index", f"--find-links={wheels}", f"--target={target}")
    for path in list(_left_overs(target)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pip(command: str, architecture: str, lock: Path, *options: str) -> None:
    arguments = [sys.executable, "-m", "pip", command, "--quiet", "--no-deps", "--require-hashes", *options]
    arguments += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
    arguments += [f"--platform={glibc}_{_WHEEL_MACHINE[architecture]}" for glibc in _GLIBC]
    ran = subprocess.run([*arguments, f"--requirement={lock}"], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise LayerError(f"pip could not {command} requirements/{lock.name} for {architecture}:\n{ran.stderr.strip()}")


def _left_overs(target: Path) -> Iterator[Path]:
    yield from (path for path in (target / "bin",) if path.exists())
    yield from target.rglob("__pycache__")
    for notes in target.glob("*.dist-info"):
        yield from (path for path in notes.iterdir() if path.name in _INSTALLERS_NOTES)


if __name__ == "__main__":
    for each in (LOCK, VIDEO_LOCK):
        print(fetch(sys.argv[1] if sys.argv[1:] else "arm64", each))
