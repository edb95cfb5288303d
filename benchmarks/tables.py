"""The tables of a report (build/bench.json), in Markdown: what a run prints, and what docs/benchmarks.md shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks import training_table
from benchmarks.goals import verdicts

Numbers = Mapping[str, Any]


def tables(report: Numbers) -> dict[str, str]:
    """Return the tables of all benchmarks that the report knows, by the benchmarks' names."""
    return {name: one.make(report[one.key]) for name, one in _TABLES.items() if one.key in report}


def title(name: str) -> str:
    """Return the title of a benchmark's table."""
    return _TABLES[name].title


def goals(report: Numbers) -> str:
    """Return the table of the goals and whether the report meets them."""
    rows = [
        [verdict.goal.what, verdict.goal.bound, f"{verdict.number:.4g}", "yes" if verdict.met else "**no**"]
        for verdict in verdicts(report)
    ]
    return table(["", "goal", "measured", "met"], rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a table out: the first column to the left, the others to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        first = line[0].ljust(widths[0])
        return "| " + " | ".join([first, *(cell.rjust(widths[i + 1]) for i, cell in enumerate(line[1:]))]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([laid_out(lines[0]), rule, *map(laid_out, lines[1:])])


def _drain(numbers: Numbers) -> str:
    rows = []
    for units, both in numbers.items():
        for name, one in (("ours", both), ("baseline", _baseline_of(both))):
            rows.append(
                [
                    f"{units} unit{'s'[: int(units) - 1]}, {name}",
                    f"{one['used']:.3f}",
                    f"{one['throttled']:.3f}",
                    f"{one['seconds']:.0f} s",
                    f"{one['detections']}",
                    f"{one['lost']}",
                    f"{one['twice']}",
                ]
            )
    return table(["", "capacity used", "calls throttled", "time", "detections", "lost", "twice"], rows)


def _training(numbers: Numbers) -> str:
    return table(training_table.HEAD, training_table.rows(numbers))


def _baseline_of(numbers: Numbers) -> dict[str, Any]:
    return {key.removeprefix("baseline_"): value for key, value in numbers.items() if key.startswith("baseline_")}


def _latency(numbers: Numbers) -> str:
    rows = [
        [
            name,
            f"{numbers[f'{name}_ms']:.0f} ms",
            f"{numbers[f'{name}_floor_ms']:.0f} ms",
            f"{numbers[f'{name}_ratio']:.2f}",
        ]
        for name in ("p50", "p99")
    ]
    return table(["", "ours", "empty handler", "ratio"], rows)


def _overhead(numbers: Numbers) -> str:
    rows = [
        [f"cold start, {name}", f"{one['cpu_ms']:.0f} ms", f"{one['floor_cpu_ms']:.0f} ms", f"{one['ratio']:.2f}"]
        for name, one in numbers["cold"].items()
    ]
    rows += [
        [
            f"warm, {name} of {one['kilobytes']:,.0f} kB",
            f"{one['cpu_ms']:.1f} ms",
            f"{one['calls_cpu_ms']:.1f} ms",
            f"{one['ratio']:.2f}",
        ]
        for name, one in numbers["warm"].items()
    ]
    return table(["CPU", "handler", "floor", "ratio"], rows)


def _cost(numbers: Numbers) -> str:
    def row(name: str, mine: float, other: float) -> list[str]:
        return [name, f"${mine:.5f}", f"${other:.5f}", f"{mine / other:.2f}" if other else "-"]

    ours, theirs = numbers["ours_by_service"], numbers["baseline_by_service"]
    rows = [row(service, ours[service], theirs[service]) for service in sorted(ours)]
    rows.append(row("all", numbers["ours"], numbers["baseline"]))
    rows.append(["the model, at capacity", f"${numbers['model']:.5f}", f"${numbers['model']:.5f}", "1.00"])
    return table(["1,000 images", "ours", "baseline", "ratio"], rows)


def _faults(numbers: Numbers) -> str:
    rows = [
        ["uploads", f"{numbers['uploads']}"],
        ["with a terminal result", f"{numbers['terminal']}"],
        ["lost: without one", f"{numbers['lost']}"],
        ["twice: results beyond the first", f"{numbers['twice']}"],
        ["that nobody was told of", f"{numbers['untold']}"],
        ["SUCCEEDED", f"{numbers['succeeded']}"],
        *([f"FAILED, {code}", f"{number}"] for code, number in sorted(numbers["failed"].items())),
        ["dead letters", f"{numbers['dead']}"],
        ["duplicate events", f"{numbers['duplicates']}"],
        ["functions killed", f"{numbers['kills']}"],
        ["time", f"{numbers['seconds']:.0f} s"],
    ]
    return table(["", "number"], rows)


def _stand_in(numbers: Numbers) -> str:
    head = ["data set", "train + test", "F1", "unseen, right", "training", "its CPU", "peak memory (before)"]
    head += ["detection", "its CPU", "a second, 2 callers"]
    rows = [
        [
            name,
            f"{one['training_images']:,} + {one['test_images']}",
            f"{one['f1']:.3f}",
            f"{one['right']} of {one['unseen_images']}",
            f"{one['training_seconds']:.1f} s",
            f"{one['training_cpu_seconds']:.1f} s",
            f"{one['memory_mb']:.0f} MB ({one['memory_before_mb']:.0f})",
            f"{one['detection_ms']:.1f} ms",
            f"{one['detection_cpu_ms']:.1f} ms",
            f"{one['detections_per_second']:.0f}",
        ]
        for name, one in numbers.items()
    ]
    return table(head, rows)


@dataclass(frozen=True)
class _Table:
    """A benchmark's title, its key in the report, and what makes its table."""

    title: str
    key: str
    make: Callable[[Numbers], str]


_TABLES: Final[Mapping[str, _Table]] = {
    "stand_in": _Table("The Rekognition stand-in", "stand_in", _stand_in),
    "overhead": _Table("What the handler costs beside Rekognition", "overhead", _overhead),
    "training": _Table("A training beside what Rekognition asks", "training", _training),
    "drain": _Table("A backlog", "drain", _drain),
    "latency": _Table("From S3 put to SNS receipt, images one by one", "latency", _latency),
    "cost": _Table("What images cost in us-east-1", "cost_per_1000", _cost),
    "faults": _Table("A run of faults", "faults", _faults),
}
