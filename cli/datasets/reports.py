"""A linter's report for people: labels as bars, findings by what comes of them, time and dollars."""

import shutil
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from lambdas.datasets.codes import Weight
from lambdas.datasets.estimate import Estimate
from lambdas.datasets.findings import Finding
from lambdas.datasets.lint import Report

_BAR: Final = 30  # characters of the longest
_MOST_LABELS: Final = 40  # that have a bar
_MOST_PLACES: Final = 5  # that are named of one code
_MOST_NAME: Final = 32  # characters of a label
_HEADINGS: Final = {
    Weight.FAILS: "The training would fail:",
    Weight.LOST: "Lost lines and boxes:",
    Weight.IGNORED: "Lines that training passes over:",
    Weight.ADVICE: "Advice:",
}


def report_lines(report: Report) -> Iterator[str]:
    """Yield the report's lines."""
    sets = f"{report.train.lines:,} lines to train with"
    sets += f", {report.test.lines:,} to test with" if report.test else ", of which the service tests with a fifth"
    yield f"{report.kind}: {len(report.train.images)} labels, {sets}"
    yield ""
    yield from _bars(report)
    for weight, findings in groupby(report.findings, key=lambda finding: finding.weight):
        yield ""
        yield _HEADINGS[weight]
        yield from _told(list(findings), report)
    yield ""
    yield estimate_line(report.estimate)
    yield _verdict(report)


def estimate_line(estimate: Estimate) -> str:
    """Say what a training may take and cost."""
    return (
        f"A training may take about {estimate.hours:.1f} h and ${estimate.dollars:.2f}; "
        f"at most {estimate.most_hours:g} h and ${estimate.most_dollars:.2f}. Second-hand prices: check them."
    )


def _verdict(report: Report) -> str:
    if report.failures:
        return "Do not train this: it would fail."
    return "It can be trained, with losses." if report.has_errors else "It can be trained."


def _bars(report: Report) -> Iterator[str]:
    images, test = report.train.images, report.test.images if report.test else {}
    shown = list(dict.fromkeys([*images, *test]))[:_MOST_LABELS]
    if not shown:
        return
    room = min(_MOST_NAME, max(len(label) for label in shown))
    most = max([*images.values(), *test.values(), 1])
    heading = (
        f"{'label':<{room}}  train" + ("   test" if report.test else "") + ("  boxes" if report.train.boxes else "")
    )
    yield heading
    for label in shown:
        row = f"{_cut(label, room):<{room}} {images.get(label, 0):>6,}"
        row += f" {test.get(label, 0):>6,}" if report.test else ""
        row += f" {_boxes(report, label):>6,}" if report.train.boxes else ""
        yield f"{row}  {_bar(images, label, most)}".rstrip()
    if len(images) > len(shown):
        yield f"... and {len(images) - len(shown)} labels more"


def _bar(images: Mapping[str, int], label: str, most: int) -> str:
    eighths = round(8 * _BAR * images.get(label, 0) / most)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]


def _boxes(report: Report, label: str) -> int:
    return report.train.boxes.get(label, 0) + (report.test.boxes.get(label, 0) if report.test else 0)


def _told(findings: list[Finding], report: Report) -> Iterator[str]:
    """Tell each code once, with the first places where it was found."""
    width = max(shutil.get_terminal_size((120, 0)).columns, 60)
    by_code = {finding.code: [one for one in findings if one.code is finding.code] for finding in findings}
    for code, found in by_code.items():
        count = report.counts[code]
        times = f"{count:,} times: " if count > 1 else ""
        yield f"- {times}{code.rule.said}. {code.rule.remedy[:1].upper()}{code.rule.remedy[1:]}. [{code}]"
        for finding in found[:_MOST_PLACES]:
            place = finding.manifest + (f" line {finding.line}" if finding.line is not None else "")
            yield _cut(f"    {place}" + (f": {finding.detail}" if finding.detail else ""), width)
        if count > _MOST_PLACES:
            yield f"    ... and {count - _MOST_PLACES:,} more"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
