"""Draws labels and boxes on pictures, and one page that shows them all."""

import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from demo.judging import Verdict
from demo.pictures import Picture

_RIGHT: Final = "#1a7f37"
_WRONG: Final = "#cf222e"
_BAND: Final = 28  # pixels, under an image-level picture
_LINE: Final = 3  # pixels
_FONT: Final = 16  # pixels


def annotate(picture: Picture, custom_labels: Sequence[Mapping[str, Any]], right: bool) -> Image.Image:
    """Return the picture with each label that was found: at its box, or in a band below."""
    with Image.open(io.BytesIO(picture.body)) as opened:
        image = opened.convert("RGB")
    colour = _RIGHT if right else _WRONG
    if not picture.boxes:
        return _with_band(image, custom_labels, colour)
    draw = ImageDraw.Draw(image)
    for label in custom_labels:
        box = label["Geometry"]["BoundingBox"]
        left, top = box["Left"] * image.width, box["Top"] * image.height
        corner = (left + box["Width"] * image.width, top + box["Height"] * image.height)
        draw.rectangle(((left, top), corner), outline=colour, width=_LINE)
        _tag(draw, (max(left, 0), max(top - _FONT - 4, 0)), _words(label), colour)
    return image


def write_page(file: Path, sections: Mapping[str, tuple[str, Sequence[Verdict]]]) -> None:
    """Write a page with a section a project: its heading line, and its verdicts' pictures from the folder beside it."""
    body = "\n".join(_section(name, line, verdicts) for name, (line, verdicts) in sections.items())
    file.write_text(_PAGE.format(body=body), encoding="utf-8")


def _with_band(image: Image.Image, custom_labels: Sequence[Mapping[str, Any]], colour: str) -> Image.Image:
    banded = Image.new("RGB", (image.width, image.height + _BAND), "white")
    banded.paste(image)
    best = _words(custom_labels[0]) if custom_labels else "nothing"
    ImageDraw.Draw(banded).text((6, image.height + 5), best, fill=colour, font=ImageFont.load_default(_FONT))
    return banded


def _tag(draw: ImageDraw.ImageDraw, place: tuple[float, float], words: str, colour: str) -> None:
    font = ImageFont.load_default(_FONT)
    draw.rectangle(draw.textbbox(place, words, font=font), fill=colour)
    draw.text(place, words, fill="white", font=font)


def _words(label: Mapping[str, Any]) -> str:
    return f"{label['Name']} {label['Confidence']:.0f}"


def _section(name: str, line: str, verdicts: Sequence[Verdict]) -> str:
    figures = "\n".join(_figure(name, verdict) for verdict in verdicts)
    return f"<section><h2>{html.escape(name)}</h2><p>{html.escape(line)}</p><div>{figures}</div></section>"


def _figure(project: str, verdict: Verdict) -> str:
    expected = "" if verdict.right else f"<figcaption>expected {html.escape(verdict.expected)}</figcaption>"
    source = html.escape(f"{project}/{verdict.picture.name}")
    text = html.escape(f"{verdict.picture.name}: {verdict.found}")
    return (
        f'<figure class="{"right" if verdict.right else "wrong"}"><img src="{source}" alt="{text}">{expected}</figure>'
    )


_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Custom Labels Pipeline: what the models saw</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1f2328 }}
section div {{ display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start }}
figure {{ margin: 0; border-top: 4px solid #1a7f37 }}
figure.wrong {{ border-color: #cf222e }}
img {{ display: block; max-width: 100% }}
figcaption {{ color: #cf222e; font-size: 14px }}
</style>
<h1>What the models saw</h1>
<p>None of these images was in a training or test set. Green is right, red is wrong. A number is
the confidence in percent; each label counts from a threshold of its own, which training found.</p>
{body}
</html>
"""
