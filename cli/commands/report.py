"""report: what a training brought, as a page and a picture."""

import argparse
from pathlib import Path

from cli.command_line import CommandLine
from cli.deployment import Clients, Deployment
from cli.output import show
from cli.reports import download_report, find_report


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    reporting = commands.add(report)
    reporting.add_argument("project", metavar="PROJECT")
    reporting.add_argument("version", metavar="VERSION", nargs="?", help="not the newest version but this one")
    reporting.add_argument("--output", metavar="FOLDER", type=Path, default=Path(), help="where to save it")


def report(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Download the report of a training: a page for the browser, and a picture of its scores."""
    found = find_report(clients, deployment, options.project, options.version)
    page, picture = download_report(clients("s3"), found, options.output)
    show(options, {"Html": str(page), "Image": str(picture), "Link": str(found.html)}, [str(page), str(picture)])
    return 0
