"""The part of the page with curves: precision and recall at every threshold, counted in the snapshots."""

from collections.abc import Iterable, Sequence
from typing import Final

from lambdas.report_training.page.markup import Markup, joined, label, tag
from lambdas.report_training.report import Report
from lambdas.report_training.tally import LabelCounts, Point

_MOST_LABELS: Final = 8
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 240, 150, 30, 22, 8, 8


def curves(report: Report) -> Markup:
    """Draw precision over recall of both versions, and precision and recall by threshold of the worst labels."""
    if report.tally is None or report.evaluation is None or not report.tally.overall().expected:
        return Markup("")
    counted = [(scores, report.tally.labels.get(scores.label)) for scores in report.evaluation.labels]
    shown = [(scores, counts) for scores, counts in counted if counts and counts.expected][:_MOST_LABELS]
    more = len([1 for _, counts in counted if counts and counts.expected]) - len(shown)
    return tag(
        "section",
        tag("h2", "Precision and recall by threshold"),
        tag(
            "p",
            f"Counted in steps of one percent of confidence, on {report.tally.images:,} test images. These counts are "
            "our own; in the scores above the service may count otherwise.",
            class_="muted",
        ),
        tag("div", _overall(report), *(_by_threshold(s.label, s.threshold, c) for s, c in shown), class_="charts"),
        tag("p", f"The {len(shown)} worst labels are shown, {more:,} others are not.", class_="muted") if more else "",
    )


def _overall(report: Report) -> Markup:
    assert report.tally
    total = report.tally.overall()
    lines = [_line(_precision_over_recall(total), "precision")]
    keys = [_key("precision", "this version")]
    if report.former_tally and report.former_tally.overall().expected:
        lines.insert(0, _line(_precision_over_recall(report.former_tally.overall()), "former"))
        keys.append(_key("former", "the version before"))
    taken = total.right + total.wrong
    if taken:
        x, y = _at(total.right / total.expected, total.right / taken)
        lines.append(tag("circle", cx=x, cy=y, r=3.5, class_="point"))
        keys.append(_key("point", "at the assumed thresholds"))
    drawn = _chart("Precision over recall, all labels", "recall", lines)
    return _figure([tag("b", "All labels"), ": precision over recall"], drawn, keys)


def _by_threshold(name: str, threshold: float | None, counts: LabelCounts) -> Markup:
    points = counts.curve()
    lines = [
        _line(_reached((point.threshold, point.precision) for point in points), "precision"),
        _line([(point.threshold, point.recall) for point in points], "recall"),
    ]
    keys = [_key("precision", "precision"), _key("recall", "recall")]
    if threshold is not None:
        x, top = _at(threshold, 1)
        lines.insert(0, tag("line", x1=x, x2=x, y1=top, y2=_at(0, 0)[1], class_="threshold"))
        keys.append(_key("threshold", f"assumed threshold {threshold * 100:.0f}"))
    drawn = _chart(f"Precision and recall of {name} by threshold", "threshold", lines)
    return _figure([label(name)], drawn, keys)


def _precision_over_recall(total: LabelCounts) -> list[tuple[float, float]]:
    points: Sequence[Point] = sorted(total.curve(), key=lambda point: point.recall)
    return _reached((point.recall, point.precision) for point in points)


def _reached(points: Iterable[tuple[float, float | None]]) -> list[tuple[float, float]]:
    """Leave out where nothing is taken, and precision means nothing."""
    return [(x, y) for x, y in points if y is not None]


def _figure(caption: Sequence[str], drawn: Markup, keys: Sequence[Markup]) -> Markup:
    return tag("figure", tag("figcaption", *caption), drawn, tag("p", *keys, class_="keys"), class_="chart")


def _chart(said: str, across: str, lines: Iterable[Markup]) -> Markup:
    grid = []
    for share in (0, 0.5, 1):
        (x, y), (right, _) = _at(0, share), _at(1, share)
        grid.append(tag("line", x1=x, x2=right, y1=y, y2=y, class_="grid"))
        grid.append(tag("text", f"{share:g}", x=x - 5, y=y + 3.5, class_="end"))
        grid.append(tag("text", f"{share:g}", x=_at(share, 0)[0], y=_HEIGHT - 9, class_="middle"))
    grid.append(tag("text", across, x=_at(0.75, 0)[0], y=_HEIGHT - 9, class_="middle"))
    return tag("svg", *grid, *lines, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=said)


def _line(points: Iterable[tuple[float, float]], kind: str) -> Markup:
    said = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_at(*point) for point in points))
    return tag("polyline", points=said, class_=kind)


def _at(x: float, y: float) -> tuple[float, float]:
    """Return the place in the drawing of two shares."""
    return _LEFT + x * (_WIDTH - _LEFT - _RIGHT), _TOP + (1 - y) * (_HEIGHT - _TOP - _BOTTOM)


def _key(kind: str, said: str) -> Markup:
    if kind == "point":
        mark = tag("circle", cx=8, cy=4, r=3.5, class_=kind)
    else:
        mark = tag("line", x1=0, x2=16, y1=4, y2=4, class_=kind)
    drawn = tag("svg", mark, viewBox="0 0 16 8", class_="key", aria_hidden="true")
    return tag("span", joined(drawn, said))
