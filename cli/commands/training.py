"""train: a data set that was uploaded."""

import argparse

from cli.command_line import CommandLine, no_wait
from cli.commands.runs import report
from cli.deployment import Clients, Deployment
from cli.training import start_training


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    training = commands.add(train)
    no_wait(training)
    training.add_argument("project", metavar="PROJECT")
    training.add_argument("dataset", metavar="DATASET", help="NAME in PROJECT/NAME/train.manifest")
    training.add_argument("--run", metavar="NAME", help="train the same data once more, under this name")


def train(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Train a data set that was uploaded, and say how it went."""
    execution = start_training(clients, deployment, options.project, options.dataset, options.run)
    return report(options, clients, execution)
