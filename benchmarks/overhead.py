"""What the handler costs beside Rekognition: CPU for each image, warm, and the cold start.

Every number is of a fresh process that talks to a canned AWS on this machine (benchmarks/canned_aws.py), whose cost
is not counted. Warm is the difference between a process with many images and one with few, so that neither imports
nor first calls are in it; beside it stands a bare loop of the very calls that the handler made. Cold is the CPU of
import and first image, against a floor that imports boto3 and makes the same clients. Medians of several runs, the
sides in turn.

The processes find the functions' code alone in a folder. Cold is measured twice: with its bytecode kept from a run
before, as the floor's is, and compiled anew, as in Lambda, where the asset has none and /var/task cannot be written.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.pictures import photograph
from benchmarks.report import say
from lambdas.deployment_settings import DeploymentSettings, ProjectSettings
from local.toolchain import CHECKOUT

COLD_RUNS: Final = 31
WARM_RUNS: Final = 3
FEW: Final = 10  # images, one batch
MANY: Final = 110
MANY_TO_NORMALISE: Final = 30
MEGABYTES: Final = 1024  # that the function has (stacks/inference.py); its decoding process takes its share of them

_ANEW, _KEPT = "compiled anew", "with bytecode"
_PROCESS: Final = "overhead_process.py"


@dataclass(frozen=True)
class Took:
    """What a process took, in seconds."""

    cpu: float
    wall: float


Run = Callable[[str, str, int], Took]


def overhead(cold_runs: int = COLD_RUNS, warm_runs: int = WARM_RUNS) -> dict[str, Any]:
    """Measure; return the report's keys."""
    objects = {
        "small.jpg": photograph(400, 300),  # goes within the request
        "large.jpg": photograph(3000, 2000),  # goes by reference
        "phone.webp": photograph(3000, 2000, "WEBP"),  # is decoded and made anew
    }
    with _canned_aws(objects) as endpoint:
        cold = {name: _cold(endpoint, cold_runs, name) for name in (_ANEW, _KEPT)}
        with _asset(endpoint, keep=True) as run:
            warm = {
                stored: _warm(run, stored, MANY_TO_NORMALISE if stored.endswith(".webp") else MANY, warm_runs)
                for stored in objects
            }
    return {"overhead": numbers_of(cold, warm, {name: len(body) for name, body in objects.items()})}


def _cold(endpoint: str, runs: int, name: str) -> dict[str, Took]:
    say(f"cold starts, {name} ...")
    found: dict[str, list[Took]] = {"handler": [], "floor": []}
    with _asset(endpoint, keep=name == _KEPT) as run:
        run("handler", "small.jpg", 1)  # files come into the system's cache
        for _ in range(runs):
            for what, times in found.items():
                times.append(run(what, "small.jpg", 1))
    return {what: _median(times) for what, times in found.items()}


def _warm(run: Run, stored: str, many: int, runs: int) -> dict[str, float]:
    """Return the CPU seconds of an image, of the handler and of the bare loop."""
    say(f"{stored}, warm ...")
    found: dict[str, list[float]] = {"handler": [], "calls": []}
    for _ in range(runs):
        for what, times in found.items():
            times.append((run(what, stored, many).cpu - run(what, stored, FEW).cpu) / (many - FEW))
    return {what: statistics.median(times) for what, times in found.items()}


def _median(times: list[Took]) -> Took:
    return Took(statistics.median(one.cpu for one in times), statistics.median(one.wall for one in times))


@contextmanager
def _canned_aws(objects: Mapping[str, bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, body in objects.items():
            (Path(folder) / name).write_bytes(body)
        command = [sys.executable, "-m", "benchmarks.canned_aws", folder]
        with subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin
            assert process.stdout
            try:
                yield f"http://127.0.0.1:{int(process.stdout.readline())}"
            finally:
                process.stdin.close()


@contextmanager
def _asset(endpoint: str, *, keep: bool) -> Iterator[Run]:
    """Give a way to run a process in a folder that holds what Lambda has; `keep` bytecode from run to run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(CHECKOUT / "lambdas", folder / "lambdas", ignore=shutil.ignore_patterns("__pycache__"))
        settings = DeploymentSettings(name="bench", projects={"bench": ProjectSettings()})
        (folder / "lambdas" / "settings.json").write_text(settings.to_json())
        for module in (_PROCESS, "recording_handler.py"):
            shutil.copy(Path(__file__).with_name(module), folder)

        def run(what: str, stored: str, images: int) -> Took:
            command = [sys.executable, _PROCESS, what, stored, str(images)]
            environment = _environment(endpoint) | ({} if keep else {"PYTHONDONTWRITEBYTECODE": "1"})
            ended = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            return Took(**json.loads(ended.stdout.splitlines()[-1]))

        yield run


def _environment(endpoint: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEGABYTES),
        "NO_PROXY": "127.0.0.1",
        "POWERTOOLS_SERVICE_NAME": "detect_labels",
        "POWERTOOLS_METRICS_NAMESPACE": "CustomLabels",
        "REGISTRY_TABLE": "registry",
        "RESULTS_TABLE": "results",
        "RESULTS_BUCKET": "results",
        "RESULTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:results",
    }


def numbers_of(
    cold: Mapping[str, Mapping[str, Took]], warm: Mapping[str, Mapping[str, float]], sizes: Mapping[str, int]
) -> dict[str, Any]:
    """Return the report's numbers of what was measured, in seconds and bytes."""
    ratios = {stored: took["handler"] / took["calls"] for stored, took in warm.items()}
    found = {name: _cold_numbers(took["handler"], took["floor"]) for name, took in cold.items()}
    return {
        "cold_ratio": found[_KEPT]["ratio"],
        # The worst of the pictures that are not decoded: for a decoded one the bare calls do not do the same work.
        "warm_cpu_ratio": round(max(ratio for stored, ratio in ratios.items() if stored.endswith(".jpg")), 3),
        "cold": found,
        "warm": {
            stored: {
                "kilobytes": round(sizes[stored] / 1000),
                "cpu_ms": round(took["handler"] * 1000, 2),
                "calls_cpu_ms": round(took["calls"] * 1000, 2),
                "ratio": round(ratios[stored], 3),
            }
            for stored, took in warm.items()
        },
    }


def _cold_numbers(handler: Took, floor: Took) -> dict[str, float]:
    return {
        "cpu_ms": round(handler.cpu * 1000, 1),
        "floor_cpu_ms": round(floor.cpu * 1000, 1),
        "ratio": round(handler.cpu / floor.cpu, 3),
        "wall_ratio": round(handler.wall / floor.wall, 3),
    }
