"""check: may the account be deployed to?"""

import argparse
import json
from pathlib import Path
from typing import Final

from cli.account import AccountError, check_account
from cli.command_line import CommandLine
from cli.deployment import Clients
from cli.output import show
from lambdas.deployment_settings import DeploymentSettings, parse_deployment
from lambdas.setting_checks import SettingsError

_SETTINGS: Final = Path("cdk.json")  # of the checkout that is deployed from


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    commands.add_undeployed(check)


def check(options: argparse.Namespace, clients: Clients) -> int:
    """Look whether the account and Region of your credentials can be deployed to, with what cdk.json says here."""
    settings = _settings(options.deployment)
    lines = list(check_account(clients, settings.human_reviews if settings else ()))
    lines += [f"warning: {doubt}" for doubt in settings.doubts] if settings else []
    show(options, lines, lines)
    return 0


def _settings(deployment: str | None) -> DeploymentSettings | None:
    """Return what a deployment of this folder's cdk.json says; None without the file."""
    if not _SETTINGS.exists():
        return None
    context = json.loads(_SETTINGS.read_text(encoding="utf-8"))["context"]
    name, known = deployment or context["deployment"], context["deployments"]
    if name not in known:
        raise AccountError(f"deployment {name!r} is not in cdk.json; it has {', '.join(sorted(known))}")
    try:
        return parse_deployment(name, known[name])
    except SettingsError as error:
        raise AccountError(f"cdk.json: {error}") from error
