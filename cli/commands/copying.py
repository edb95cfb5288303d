"""copy: a version from one project to another, from development to production."""

import argparse
from functools import cache

import boto3

from cli.command_line import CommandLine
from cli.copying import copy_version, version_to_copy
from cli.deployment import Clients, Deployment, find_deployment
from cli.output import say, show


def register(commands: CommandLine) -> None:
    """Add the command of this group."""
    copying = commands.add(copy)
    copying.add_argument("project", metavar="PROJECT")
    copying.add_argument("version", metavar="VERSION")
    copying.add_argument("--to-project", required=True, metavar="PROJECT", help="where the copy goes")
    copying.add_argument("--to-deployment", metavar="NAME", help="the deployment of that project, if not this one")
    copying.add_argument("--to-account", metavar="PROFILE", help="the AWS profile of that deployment's account")


def copy(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Copy a version into another project, of this deployment or another, of this account or another.

    The copy does not run: `customlabels start PROJECT --version VERSION` starts it and makes it the active one.
    """
    there = cache(boto3.Session(profile_name=options.to_account).client) if options.to_account else clients
    elsewhere = options.to_account or options.to_deployment
    target = find_deployment(there, options.to_deployment) if elsewhere else deployment
    model = version_to_copy(clients, deployment, options.project, options.version)
    made = copy_version(clients, model, there, target, options.to_project, say)
    show(
        options, made.to_json(), [f"copied; customlabels start {made.project} --version {made.version} makes it active"]
    )
    return 0
