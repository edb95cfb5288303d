"""check: may the account be deployed to?"""

import argparse

from cli.account import check_account
from cli.command_line import CommandLine
from cli.deployment import Clients
from cli.output import show


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    commands.add_undeployed(check)


def check(options: argparse.Namespace, clients: Clients) -> int:
    """Look whether the account and Region of your credentials can be deployed to."""
    lines = list(check_account(clients))
    show(options, lines, lines)
    return 0
