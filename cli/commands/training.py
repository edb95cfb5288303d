"""train: a data set that was uploaded."""

import argparse
from statistics import median

from cli.command_line import CommandLine, WrongCommandLineError, no_wait
from cli.commands.runs import report
from cli.deployment import Clients, Deployment
from cli.starting import what_follows
from cli.training import start_training
from cli.workflows import times_of


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    training = commands.add(train)
    no_wait(training)
    training.add_argument("project", metavar="PROJECT")
    training.add_argument(
        "dataset",
        metavar="DATASET",
        nargs="?",
        help="NAME in PROJECT/NAME/train.manifest; without it, the newest upload",
    )
    training.add_argument("--run", metavar="NAME", help="train the same data once more, under this name")
    training.add_argument(
        "--replace",
        action="store_true",
        help="with --run: let the project's data sets hold this upload only, whatever people have labelled in them",
    )


def train(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Train a data set that was uploaded, and say how it went."""
    if options.replace and not options.run:
        raise WrongCommandLineError("--replace needs a --run name: the upload has been trained by itself already")
    execution = start_training(
        clients, deployment, options.project, options.dataset, options.run, replace=options.replace
    )
    past = times_of(
        attempt
        for attempt in deployment.registry(clients).attempts(options.project)
        if attempt["Status"] == "SUCCEEDED"
    )
    then = what_follows(deployment.project(options.project))
    return report(options, clients, execution, median(past) if past else None, then)
