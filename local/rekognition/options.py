"""Read the command line of the stand-in."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from local.rekognition.fault_plan_json import plan_from
from local.rekognition.fault_plans import NO_FAULTS, FaultPlan, InvalidFaultPlanError
from local.rekognition.lifecycle import DEFAULT_DURATIONS, SERVICE_DURATIONS, Durations
from local.rekognition.operations import OPERATIONS
from local.rekognition.quotas import SERVICE_QUOTAS, Quotas, UnknownQuotaError, quotas_from

PROGRAM = "python -m local.rekognition"
MISTAKE = 2  # the exit status
DURATIONS = {"local": DEFAULT_DURATIONS, "service": SERVICE_DURATIONS}
_MOST_PORT = 65535
_QUOTAS = """service (the default), off, or changes to them: running_models=off,tps=on,DetectCustomLabels=10"""


class Parser(argparse.ArgumentParser):
    """Say in one line what is wrong; the usage is long, and --help shows it."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISTAKE, f"{self.prog}: error: {message}\n")


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    port: int
    s3_endpoint: str | None
    sns_endpoint: str | None
    quotas: Quotas
    durations: Durations
    folder: Path | None
    faults: FaultPlan
    bill_starting: bool


def options(words: Sequence[str] | None = None, description: str | None = None) -> Options:
    """Read the options, by default from the command line; end the process with a line about a mistake."""
    parser = Parser(prog=PROGRAM, description=description)
    parser.add_argument("--port", type=_port, default=0, help="0 (the default): any free port")
    parser.add_argument("--s3-endpoint", type=_endpoint, help="where S3 is; AWS itself when not given")
    parser.add_argument(
        "--sns-endpoint",
        type=_endpoint,
        help="where SNS and STS are, for the ends of video jobs; nobody is told when not given",
    )
    parser.add_argument("--quotas", type=_quotas, default=SERVICE_QUOTAS, help=_QUOTAS)
    parser.add_argument(
        "--durations", choices=DURATIONS, default="local", help="of trainings, starts, ...: %(choices)s"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help="keep the state there; only name a folder that is your own"
    )
    parser.add_argument("--faults", type=_plan, metavar="FILE", default=NO_FAULTS, help="JSON: see fault_plans.py")
    parser.add_argument("--bill-starting", action="store_true", help="let the meter bill STARTING too")
    given = parser.parse_args(words)
    return Options(
        given.port,
        given.s3_endpoint,
        given.sns_endpoint,
        given.quotas,
        DURATIONS[given.durations],
        given.state,
        given.faults,
        given.bill_starting,
    )


def _quotas(text: str) -> Quotas:
    try:
        return quotas_from(text)
    except UnknownQuotaError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _port(text: str) -> int:
    if not text.isdecimal() or len(text) > len(str(_MOST_PORT)) or int(text) > _MOST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0, for any free one, to {_MOST_PORT}")
    return int(text)


def _endpoint(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port
        is_url = False
    if not is_url:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL: give one like http://127.0.0.1:4566")
    return text


def _plan(file: str) -> FaultPlan:
    try:
        return plan_from(json.loads(Path(file).read_text()), OPERATIONS)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{file}: {error.strerror}: name a file that can be read") from error
    except InvalidFaultPlanError as error:
        raise argparse.ArgumentTypeError(f"{file}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{file} is no JSON: {error}: give an object with rules") from error
