"""Make the interpreter of a local function see what Lambda's would see.

Python loads this module by itself in every function of the local cloud (the folder is on PYTHONPATH). The
local cloud runs functions with the developer's own interpreter, which differs from Lambda's in two ways:

- Its site-packages hold far more than Lambda's. They are hidden, all but boto3 and what boto3 needs, so that
  an import that would fail on AWS fails here too.
- The layer's compiled packages were made for Lambda's platform. They are taken from the host's site-packages
  instead; pure Python packages still come from the layer.
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

LAMBDA_RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"})


class HostPackages(MetaPathFinder):
    """Find the named top-level packages in the host's site-packages."""

    def __init__(self, names: frozenset[str], folders: list[str]) -> None:
        self.names = names
        self.folders = folders

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or fullname not in self.names:
            return None
        # OpenCV puts its own folder on the path and imports itself anew: there is its compiled part.
        within = tuple(str(Path(folder).resolve() / fullname) for folder in self.folders)
        own = [entry for entry in sys.path if entry.startswith(within)]
        return PathFinder.find_spec(fullname, [*own, *self.folders], target)


def bundled_folders() -> list[Path]:
    """Return the folders that the function's own code and its layers are imported from."""
    layers = filter(None, os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep))
    return [Path(os.environ["LAMBDA_TASK_ROOT"]), *(Path(layer) / "python" for layer in layers)]


def compiled_distributions(folders: list[Path]) -> Iterator[str]:
    """Yield the names of the distributions in the folders that were built for one platform."""
    for folder in folders:
        for wheel in folder.glob("*.dist-info/WHEEL"):
            if "root-is-purelib: false" in wheel.read_text().lower():
                yield wheel.parent.name.split("-")[0]


def top_level_packages(distribution: str, folders: list[str]) -> Iterator[str]:
    """Yield what a distribution of the host puts into site-packages.

    Raises ImportError when the host does not have it.
    """
    found = next(iter(metadata.distributions(name=distribution, path=folders)), None)
    if found is None:
        raise ImportError(
            f"the layer's {distribution} was built for Lambda's platform and this machine has none of "
            f"its own: run 'pip install {distribution}'"
        )
    for file in found.files or []:
        if not file.parts[0].endswith((".dist-info", ".libs", ".data", "..")):
            yield file.parts[0].split(".")[0]


def install() -> None:
    """Hide the host's site-packages, all but Lambda's own packages and the layer's compiled ones."""
    standard_library = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    hidden = [sysconfig.get_path(name) for name in ("purelib", "platlib")]

    def visible(entry: str) -> bool:
        ours = entry == str(Path(__file__).parent) or entry.endswith(zipped)
        return ours or (entry.startswith(standard_library) and "site-packages" not in entry)

    sys.path[:] = [entry for entry in sys.path if visible(entry)]
    compiled = frozenset(
        package
        for distribution in compiled_distributions(bundled_folders())
        for package in top_level_packages(distribution, hidden)
    )
    sys.meta_path.insert(0, HostPackages(compiled, hidden))
    sys.meta_path.append(HostPackages(LAMBDA_RUNTIME, hidden))


if "LAMBDA_TASK_ROOT" in os.environ:
    install()
