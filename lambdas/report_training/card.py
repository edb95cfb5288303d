"""The report as one picture: what a message or a chat shows of it."""

from dataclasses import dataclass
from typing import Final

from lambdas.pen import Pen, pen_on
from lambdas.report_training.comparison import Change, Direction
from lambdas.report_training.page.markup import plain
from lambdas.report_training.page.numbers import count, dollars, duration, moment
from lambdas.report_training.report import Report

SIZE: Final = (1200, 630)  # pixels: what previews of links are cut to
_MOST_LABELS: Final = 10
_GROUND, _INK, _MUTED, _TRACK = "#0e1116", "#e7e9ed", "#98a2b0", "#262c36"
_NOW, _BETTER, _WORSE = "#7ea6ff", "#4cc58c", "#ff8f86"
_COLOURS: Final = {Direction.BETTER: _BETTER, Direction.WORSE: _WORSE}
_MARGIN: Final = 64
_COLUMN: Final = 610  # where the labels begin


@dataclass(frozen=True)
class _Card:
    """Draws what cards are made of."""

    pen: Pen

    def text(
        self, at: tuple[float, float], said: str, size: int, colour: str = _INK, *, bold: bool = False, room: float = 0
    ) -> float:
        """Write a line from its left end and baseline, cut to its room; return where it ends."""
        return self.pen.text(at, plain(said), size, colour, bold=bold, room=room)

    def bar(self, left: float, top: float, width: float, of: Change) -> None:
        """Draw a score from 0 to 1, and what it was as a mark."""
        height, radius = 12, 6
        self.pen.pill(left, top, left + width, top + height, _TRACK, radius)
        if of.now is not None:
            self.pen.pill(left, top, left + max(2 * radius, width * _clipped(of.now)), top + height, _NOW, radius)
        if of.before is not None:
            x = left + width * _clipped(of.before)
            self.pen.pill(x - 3, top - 5, x + 3, top + height + 5, _GROUND, 2)
            self.pen.pill(x - 1.5, top - 4, x + 1.5, top + height + 4, _INK, 1)

    def triangle(self, left: float, baseline: float, size: float, *, up: bool, colour: str) -> None:
        """Draw an arrow head, which the font does not have."""
        high, low = (baseline - size, baseline) if up else (baseline, baseline - size)
        self.pen.polygon([(left, low), (left + size * 1.1, low), (left + size * 0.55, high)], colour)


def card(report: Report, project: str) -> bytes:
    """Return the card as PNG."""
    drawing = _Card(pen_on(SIZE, _GROUND))
    end = drawing.text((_MARGIN, 74), "TRAINING REPORT", 17, _NOW, bold=True)
    _draw_judgement(drawing, report, end + 20)
    end = drawing.text((_MARGIN, 130), project, 46, bold=True, room=420)
    drawing.text((end + 16, 130), report.version.name, 30, _MUTED, room=SIZE[0] - _MARGIN - end - 16)
    if report.evaluation is None:
        _draw_failure(drawing, report)
    else:
        _draw_scores(drawing, report)
        _draw_labels(drawing, report)
    _draw_foot(drawing, report)
    return drawing.pen.png()


def _draw_judgement(drawing: _Card, report: Report, left: float) -> None:
    """Write on the first line whether the version was accepted, and why not."""
    judged = report.judgement
    if judged is None:
        return
    said, colour = ("ACCEPTED", _BETTER) if judged.accepted else ("REJECTED", _WORSE)
    end = drawing.text((left, 74), said, 17, colour, bold=True)
    if judged.reasons:
        more = f" (and {len(judged.reasons) - 1} more)" if len(judged.reasons) > 1 else ""
        drawing.text((end + 12, 74), judged.reasons[0] + more, 17, _WORSE, room=SIZE[0] - _MARGIN - end - 12)


def _draw_failure(drawing: _Card, report: Report) -> None:
    drawing.text((_MARGIN, 260), report.version.status, 44, _WORSE, bold=True)
    words, line, top = (report.version.message or "no reason was given")[:400].split(), "", 320
    for word in words:
        if len(line) + len(word) > 75:
            drawing.text((_MARGIN, top), line, 26, room=SIZE[0] - 2 * _MARGIN)
            line, top = "", top + 40
        line = f"{line} {word}".strip()
    drawing.text((_MARGIN, top), line, 26, room=SIZE[0] - 2 * _MARGIN)


def _draw_scores(drawing: _Card, report: Report) -> None:
    assert report.evaluation
    overall = report.evaluation.overall
    former = report.former_evaluation.overall if report.former_evaluation else None
    f1 = Change(overall.f1, former.f1 if former else None)
    drawing.text((_MARGIN, 196), "F1", 22, _MUTED)
    end = drawing.text((_MARGIN - 4, 290), _score(f1.now), 104, bold=True)
    _draw_change(drawing, (end + 24, 290), f1, 26)
    before = f"{report.former.name}: {_score(f1.before)}" if report.former and former else "nothing to compare with"
    drawing.text((_MARGIN, 332), before, 20, _MUTED, room=_COLUMN - _MARGIN - 40)
    for row, (name, of) in enumerate(
        (
            ("Precision", Change(overall.precision, former.precision if former else None)),
            ("Recall", Change(overall.recall, former.recall if former else None)),
        )
    ):
        top = 396 + row * 74
        drawing.text((_MARGIN, top), name, 20, _MUTED)
        end = drawing.text((_MARGIN + 110, top), _score(of.now), 26, bold=True)
        _draw_change(drawing, (end + 14, top), of, 19)
        drawing.bar(_MARGIN, top + 16, 440, of)


def _draw_labels(drawing: _Card, report: Report) -> None:
    """Draw the F1 of each label, the worst first."""
    assert report.evaluation
    labels, former = report.evaluation.labels, report.former_evaluation
    shown = labels[:_MOST_LABELS]
    title = "F1 of each label" if len(shown) == len(labels) else f"The {len(shown)} worst of {len(labels):,} labels, F1"
    drawing.text((_COLUMN, 196), title, 22, _MUTED)
    for row, scores in enumerate(shown):
        before = former.label(scores.label) if former else None
        of, baseline = Change(scores.f1, before.f1 if before else None), 238 + row * 32
        drawing.text((_COLUMN, baseline), scores.label, 20, room=150)
        drawing.bar(_COLUMN + 166, baseline - 13, 190, of)
        end = drawing.text((_COLUMN + 372, baseline), _score(of.now), 20, bold=True)
        _draw_change(drawing, (end + 12, baseline), of, 16)


def _draw_change(drawing: _Card, at: tuple[float, float], of: Change, size: int) -> None:
    if of.difference is None or of.direction is Direction.SAME:
        return
    colour = _COLOURS[of.direction]
    drawing.triangle(at[0], at[1] - size * 0.05, size * 0.62, up=of.difference > 0, colour=colour)
    drawing.text((at[0] + size * 0.9, at[1]), f"{abs(of.difference):.3f}", size, colour)


def _draw_foot(drawing: _Card, report: Report) -> None:
    version, evaluation = report.version, report.evaluation
    said = [moment(version.ended or version.created)]
    if evaluation:
        said.append(f"{count(evaluation.training_images)} training images")
        said.append(f"{count(evaluation.testing_images)} test images")
    if version.billable_seconds is not None:
        said += [f"{duration(version.billable_seconds)} billed", dollars(version.dollars)]
    drawing.pen.line([(_MARGIN, 560), (SIZE[0] - _MARGIN, 560)], _TRACK)
    drawing.text((_MARGIN, 594), "   |   ".join(said), 19, _MUTED, room=SIZE[0] - 2 * _MARGIN)


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
