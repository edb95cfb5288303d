"""customlabels: train, start, stop and read the results of a deployment.

Exit codes: 0 done; 1 it failed, and stderr says why; 2 the command line was wrong; 130 it was interrupted.
"""

import sys
from collections.abc import Sequence
from functools import cache
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.account import AccountError
from cli.approvals import ApprovalError
from cli.backfill import NothingToResumeError
from cli.command_line import Command, CommandLine, DeployedCommand, WrongCommandLineError
from cli.commands import (
    account,
    backfill,
    copying,
    costs,
    dataset,
    export,
    models,
    redrive,
    report,
    rerun,
    results,
    rollout,
    training,
)
from cli.commands.costs import PictureError
from cli.commands.export import ExportError
from cli.commands.results import JobNotFoundError
from cli.datasets.examples import ImportFailedError
from cli.datasets.places import DatasetNameError
from cli.deployment import Clients, DeploymentNotFoundError, UnknownProjectError, find_deployment
from cli.models import ModelError
from cli.reports import ReportNotFoundError
from cli.rerun import RerunError
from cli.sources import ManifestError, OutOfReachError
from cli.training import DatasetNotFoundError
from lambdas.datasets.manifest_text import NotTextError
from lambdas.pages import InvalidTokenError
from lambdas.pictures.decoder import DecoderUnavailableError

_GROUPS: Final = (
    account,
    dataset,
    training,
    models,
    costs,
    report,
    rollout,
    copying,
    results,
    export,
    backfill,
    redrive,
    rerun,
)

_INTERRUPTED: Final = 130  # as shells spell an end by Ctrl-C

_EXPECTED_ERRORS: Final = (
    AccountError,
    DeploymentNotFoundError,
    UnknownProjectError,
    DatasetNotFoundError,
    ModelError,
    ApprovalError,
    JobNotFoundError,
    ExportError,
    PictureError,
    ImportFailedError,
    DatasetNameError,
    NotTextError,
    DecoderUnavailableError,
    ReportNotFoundError,
    InvalidTokenError,
    ManifestError,
    NothingToResumeError,
    OutOfReachError,
    RerunError,
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
    except KeyboardInterrupt:
        return _INTERRUPTED
    except _EXPECTED_ERRORS as error:
        print(f"customlabels: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
