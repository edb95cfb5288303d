"""The grammar of the command line: how a command is added to it, and options that several share."""

import argparse
import re
from collections.abc import Callable
from typing import Final

from cli.deployment import Clients, Deployment

_DURATION: Final = re.compile(r"([1-9]\d{0,4})([mhd])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}
_MAX_DURATION: Final = 7 * 86_400

Command = Callable[[argparse.Namespace, Clients], int]
DeployedCommand = Callable[[argparse.Namespace, Clients, Deployment], int]


class WrongCommandLineError(ValueError):
    """Options were said that do not go together; the message says which do."""


class CommandLine:
    """The parser of `customlabels`, to which each module of cli/commands/ adds its commands."""

    def __init__(self, description: str, parser: argparse.ArgumentParser | None = None) -> None:
        """`parser` is that of a group of commands, of which this is the grammar then."""
        self.parser = parser or argparse.ArgumentParser(prog="customlabels", description=description)
        self._commands = self.parser.add_subparsers(required=True, metavar="COMMAND")
        self._common = argparse.ArgumentParser(add_help=False)
        self._common.add_argument(
            "--deployment", metavar="NAME", help="which deployment, where the account has several"
        )
        self._common.add_argument("--json", action="store_true", help="print JSON")

    def add(self, command: DeployedCommand) -> argparse.ArgumentParser:
        """Add a command that works on a deployment, under the function's name; return its parser."""
        return self._add(command, needs_deployment=True)

    def add_undeployed(self, command: Command) -> argparse.ArgumentParser:
        """Add a command that needs no deployment."""
        return self._add(command, needs_deployment=False)

    def add_group(self, name: str, description: str) -> "CommandLine":
        """Add a command that has commands itself, and return their grammar."""
        return CommandLine(description, self._commands.add_parser(name, help=description, description=description))

    def _add(self, command: Callable[..., int], *, needs_deployment: bool) -> argparse.ArgumentParser:
        said = (command.__doc__ or "").strip()
        added: argparse.ArgumentParser = self._commands.add_parser(
            command.__name__, parents=[self._common], help=said.partition("\n")[0], description=said
        )
        added.set_defaults(command=command, needs_deployment=needs_deployment)
        return added


def positive(said: str) -> int:
    """Read a whole number of 1 or more."""
    number = int(said)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def percent(said: str) -> float:
    """Read a number from 0 to 100."""
    number = float(said)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{said} is not a number from 0 to 100")
    return number


def share(said: str) -> float:
    """Read a number over 0 and up to 1."""
    number = float(said)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{said} is not a number over 0 and up to 1")
    return number


def duration(said: str) -> int:
    """Read a time such as 90m, 2h or 1d, from a minute to 7 days; return seconds."""
    found = _DURATION.fullmatch(said)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _MAX_DURATION:
        raise argparse.ArgumentTypeError(f"{said!r} is no time such as 90m, 2h or 1d, from 1m to 7d")
    return seconds


def no_wait(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that start a workflow."""
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the workflow's end")
