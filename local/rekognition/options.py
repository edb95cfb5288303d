"""Read the command line of the stand-in."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.rekognition.fault_plans import NO_FAULTS, FaultPlan, plan_from
from local.rekognition.lifecycle import DEFAULT_DURATIONS, SERVICE_DURATIONS, Durations
from local.rekognition.quotas import SERVICE_QUOTAS, Quotas, UnknownQuotaError, quotas_from

DURATIONS = {"local": DEFAULT_DURATIONS, "service": SERVICE_DURATIONS}
_QUOTAS = """service (the default), off, or changes to them: running_models=off,tps=on,DetectCustomLabels=10"""


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
    """Read the options, by default from the command line; end the process with a message on a mistake."""
    parser = argparse.ArgumentParser(prog="python -m local.rekognition", description=description)
    parser.add_argument("--port", type=int, default=0, help="0 (the default): any free port")
    parser.add_argument("--s3-endpoint", help="where S3 is; AWS itself when not given")
    parser.add_argument(
        "--sns-endpoint", help="where SNS and STS are, for the ends of video jobs; nobody is told when not given"
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


def _plan(file: str) -> FaultPlan:
    try:
        return plan_from(json.loads(Path(file).read_text()))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{file}: {error}") from error
