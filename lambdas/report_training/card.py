"""The report as one picture: what a message or a chat shows of it."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from lambdas.report_training.comparison import Change, Direction
from lambdas.report_training.page.markup import plain
from lambdas.report_training.page.numbers import count, dollars, duration, moment
from lambdas.report_training.report import Report

SIZE: Final = (1200, 630)  # pixels: what previews of links are cut to
_FINER: Final = 2  # drawn so much larger, for smooth edges
_MOST_LABELS: Final = 10
_GROUND, _INK, _MUTED, _TRACK = "#0e1116", "#e7e9ed", "#98a2b0", "#262c36"
_NOW, _BETTER, _WORSE = "#7ea6ff", "#4cc58c", "#ff8f86"
_COLOURS: Final = {Direction.BETTER: _BETTER, Direction.WORSE: _WORSE}
_MARGIN: Final = 64
_COLUMN: Final = 610  # where the labels begin


@dataclass(frozen=True)
class _Pen:
    """Draws in the card's own pixels."""

    canvas: ImageDraw.ImageDraw

    def text(
        self, at: tuple[float, float], said: str, size: int, colour: str = _INK, *, bold: bool = False, room: float = 0
    ) -> float:
        """Write a line from its left end and baseline, cut to its room; return where it ends."""
        font = ImageFont.load_default(size * _FINER)
        said = self._cut(plain(said), font, room * _FINER)
        place = (at[0] * _FINER, at[1] * _FINER)
        width = size * _FINER / 70 if bold else 0
        self.canvas.text(place, said, colour, font, anchor="ls", stroke_width=width, stroke_fill=colour)
        return at[0] + self.canvas.textlength(said, font) / _FINER

    def bar(self, left: float, top: float, width: float, of: Change) -> None:
        """Draw a score from 0 to 1, and what it was as a mark."""
        height, radius = 12, 6
        self._pill(left, top, left + width, top + height, _TRACK, radius)
        if of.now is not None:
            self._pill(left, top, left + max(2 * radius, width * _clipped(of.now)), top + height, _NOW, radius)
        if of.before is not None:
            x = left + width * _clipped(of.before)
            self._pill(x - 3, top - 5, x + 3, top + height + 5, _GROUND, 2)
            self._pill(x - 1.5, top - 4, x + 1.5, top + height + 4, _INK, 1)

    def triangle(self, left: float, baseline: float, size: float, *, up: bool, colour: str) -> None:
        """Draw an arrow head, which the font does not have."""
        high, low = (baseline - size, baseline) if up else (baseline, baseline - size)
        points = [(left, low), (left + size * 1.1, low), (left + size * 0.55, high)]
        self.canvas.polygon([(x * _FINER, y * _FINER) for x, y in points], fill=colour)

    def _pill(self, left: float, top: float, right: float, bottom: float, colour: str, radius: float) -> None:
        corners = tuple(value * _FINER for value in (left, top, right, bottom))
        self.canvas.rounded_rectangle(corners, radius * _FINER, fill=colour)

    def _cut(self, said: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
        said = said[:300]
        if not room or self.canvas.textlength(said, font) <= room:
            return said
        while said and self.canvas.textlength(said + "...", font) > room:
            said = said[:-1]
        return said.rstrip() + "..."


def card(report: Report, project: str) -> bytes:
    """Return the card as PNG."""
    image = Image.new("RGB", (SIZE[0] * _FINER, SIZE[1] * _FINER), _GROUND)
    pen = _Pen(ImageDraw.Draw(image))
    end = pen.text((_MARGIN, 74), "TRAINING REPORT", 17, _NOW, bold=True)
    _draw_judgement(pen, report, end + 20)
    end = pen.text((_MARGIN, 130), project, 46, bold=True, room=420)
    pen.text((end + 16, 130), report.version.name, 30, _MUTED, room=SIZE[0] - _MARGIN - end - 16)
    if report.evaluation is None:
        _draw_failure(pen, report)
    else:
        _draw_scores(pen, report)
        _draw_labels(pen, report)
    _draw_foot(pen, report)
    drawn = io.BytesIO()
    image.resize(SIZE, Image.Resampling.LANCZOS).save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def _draw_judgement(pen: _Pen, report: Report, left: float) -> None:
    """Write on the first line whether the version was accepted, and why not."""
    judged = report.judgement
    if judged is None:
        return
    said, colour = ("ACCEPTED", _BETTER) if judged.accepted else ("REJECTED", _WORSE)
    end = pen.text((left, 74), said, 17, colour, bold=True)
    if judged.reasons:
        more = f" (and {len(judged.reasons) - 1} more)" if len(judged.reasons) > 1 else ""
        pen.text((end + 12, 74), judged.reasons[0] + more, 17, _WORSE, room=SIZE[0] - _MARGIN - end - 12)


def _draw_failure(pen: _Pen, report: Report) -> None:
    pen.text((_MARGIN, 260), report.version.status, 44, _WORSE, bold=True)
    words, line, top = (report.version.message or "no reason was given")[:400].split(), "", 320
    for word in words:
        if len(line) + len(word) > 75:
            pen.text((_MARGIN, top), line, 26, room=SIZE[0] - 2 * _MARGIN)
            line, top = "", top + 40
        line = f"{line} {word}".strip()
    pen.text((_MARGIN, top), line, 26, room=SIZE[0] - 2 * _MARGIN)


def _draw_scores(pen: _Pen, report: Report) -> None:
    assert report.evaluation
    overall = report.evaluation.overall
    former = report.former_evaluation.overall if report.former_evaluation else None
    f1 = Change(overall.f1, former.f1 if former else None)
    pen.text((_MARGIN, 196), "F1", 22, _MUTED)
    end = pen.text((_MARGIN - 4, 290), _score(f1.now), 104, bold=True)
    _draw_change(pen, (end + 24, 290), f1, 26)
    before = f"{report.former.name}: {_score(f1.before)}" if report.former and former else "nothing to compare with"
    pen.text((_MARGIN, 332), before, 20, _MUTED, room=_COLUMN - _MARGIN - 40)
    for row, (name, of) in enumerate(
        (
            ("Precision", Change(overall.precision, former.precision if former else None)),
            ("Recall", Change(overall.recall, former.recall if former else None)),
        )
    ):
        top = 396 + row * 74
        pen.text((_MARGIN, top), name, 20, _MUTED)
        end = pen.text((_MARGIN + 110, top), _score(of.now), 26, bold=True)
        _draw_change(pen, (end + 14, top), of, 19)
        pen.bar(_MARGIN, top + 16, 440, of)


def _draw_labels(pen: _Pen, report: Report) -> None:
    """Draw the F1 of each label, the worst first."""
    assert report.evaluation
    labels, former = report.evaluation.labels, report.former_evaluation
    shown = labels[:_MOST_LABELS]
    title = "F1 of each label" if len(shown) == len(labels) else f"The {len(shown)} worst of {len(labels):,} labels, F1"
    pen.text((_COLUMN, 196), title, 22, _MUTED)
    for row, scores in enumerate(shown):
        before = former.label(scores.label) if former else None
        of, baseline = Change(scores.f1, before.f1 if before else None), 238 + row * 32
        pen.text((_COLUMN, baseline), scores.label, 20, room=150)
        pen.bar(_COLUMN + 166, baseline - 13, 190, of)
        end = pen.text((_COLUMN + 372, baseline), _score(of.now), 20, bold=True)
        _draw_change(pen, (end + 12, baseline), of, 16)


def _draw_change(pen: _Pen, at: tuple[float, float], of: Change, size: int) -> None:
    if of.difference is None or of.direction is Direction.SAME:
        return
    colour = _COLOURS[of.direction]
    pen.triangle(at[0], at[1] - size * 0.05, size * 0.62, up=of.difference > 0, colour=colour)
    pen.text((at[0] + size * 0.9, at[1]), f"{abs(of.difference):.3f}", size, colour)


def _draw_foot(pen: _Pen, report: Report) -> None:
    version, evaluation = report.version, report.evaluation
    said = [moment(version.ended or version.created)]
    if evaluation:
        said.append(f"{count(evaluation.training_images)} training images")
        said.append(f"{count(evaluation.testing_images)} test images")
    if version.billable_seconds is not None:
        said += [f"{duration(version.billable_seconds)} billed", dollars(version.dollars)]
    pen.canvas.line([(_MARGIN * _FINER, 560 * _FINER), ((SIZE[0] - _MARGIN) * _FINER, 560 * _FINER)], _TRACK, _FINER)
    pen.text((_MARGIN, 594), "   |   ".join(said), 19, _MUTED, room=SIZE[0] - 2 * _MARGIN)


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
