"""customlabels: train, start, stop and read the results of a deployment.

Exit codes: 0 done; 1 it failed, and stderr says why; 2 the command line was wrong.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.account import AccountError
from cli.command_line import Command, CommandLine, DeployedCommand, WrongCommandLineError
from cli.commands import account, export, models, report, results, training
from cli.commands.export import ExportError
from cli.commands.results import JobNotFoundError
from cli.deployment import Clients, DeploymentNotFoundError, UnknownProjectError, find_deployment
from cli.models import ModelError
from cli.reports import ReportNotFoundError
from cli.training import DatasetNotFoundError
from lambdas.pages import InvalidTokenError

_GROUPS: Final = (account, training, models, report, results, export)

_EXPECTED_ERRORS: Final = (
    AccountError,
    DeploymentNotFoundError,
    UnknownProjectError,
    DatasetNotFoundError,
    ModelError,
    JobNotFoundError,
    ExportError,
    ReportNotFoundError,
    InvalidTokenError,
    ClientError,
    BotoCoreError,
)


def main(arguments: Sequence[str] | None = None, clients: Clients | None = None) -> int:
    """Run one command and return its exit code."""
    commands = CommandLine((__doc__ or "").partition("\n")[0])
    for group in _GROUPS:
        group.register(commands)
    options = commands.parser.parse_args(arguments)
    clients = clients or cache(boto3.client)
    try:
        if options.needs_deployment:
            deployed: DeployedCommand = options.command
            return deployed(options, clients, find_deployment(clients, options.deployment))
        command: Command = options.command
        return command(options, clients)
    except WrongCommandLineError as error:
        commands.parser.error(str(error))
    except _EXPECTED_ERRORS as error:
        print(f"customlabels: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
