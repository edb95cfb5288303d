"""The part of the page with the worst mistakes, as pictures with what is there and what was found."""

import base64
from collections.abc import Iterator
from typing import Final

from lambdas.report_training.mistakes import Kind, Mistake
from lambdas.report_training.page.markup import Markup, joined, label, tag
from lambdas.report_training.report import Picture, Report
from lambdas.report_training.snapshot import Box

_MOST_LISTED: Final = 6  # mistakes of one image
_MOST_TEXT: Final = 300  # characters of a source


def mistakes(report: Report) -> Markup:
    """Draw the pictures, the worst first."""
    if report.tally is None:
        return Markup("")
    if not report.mistaken_images:
        said = f"On none of {report.tally.images:,} test images anything was missed or wrong."
        return tag("section", tag("h2", "Worst mistakes"), tag("p", said, class_="muted"))
    boxes = any(mistake.box for picture in report.pictures for mistake in picture.image.mistakes)
    return tag(
        "section",
        tag("h2", "Worst mistakes"),
        tag(
            "p",
            f"{report.mistaken_images:,} of {report.tally.images:,} test images have a mistake. Here are those "
            "farthest on the wrong side of their label's threshold, as the images are now.",
            class_="muted",
        ),
        tag("p", *_legend(), class_="keys") if boxes else "",
        tag("div", *map(_figure, report.pictures), class_="pictures"),
    )


def _legend() -> Iterator[Markup]:
    for kind, said in (("wrong", "found, not there"), ("missed", "there, not found"), ("right", "found and there")):
        mark = tag("rect", x=1, y=1, width=14, height=10, class_=f"box {kind}")
        yield tag("span", tag("svg", mark, viewBox="0 0 16 12", class_="key", aria_hidden="true"), said)


def _figure(picture: Picture) -> Markup:
    image = picture.image
    listed = [_told(mistake) for mistake in image.mistakes[:_MOST_LISTED]]
    more = image.count - len(listed)
    return tag(
        "figure",
        _drawn(picture) if picture.thumbnail.jpeg else tag("p", picture.thumbnail.problem or "", class_="absent"),
        tag(
            "figcaption",
            tag("ol", *listed),
            tag("p", f"and {more:,} more", class_="muted") if more else "",
            tag("p", image.source[:_MOST_TEXT], class_="source"),
        ),
        class_="picture",
    )


def _told(mistake: Mistake) -> Markup:
    least = "" if mistake.threshold is None else f" (threshold {mistake.threshold * 100:.0f})"
    if mistake.confidence is None:
        said = " missed: nothing was found there" if mistake.box else " missed"
    elif mistake.kind is Kind.WRONG:
        said = f" found with {mistake.confidence * 100:.0f} %{least}, but it is not there"
    else:
        said = f" missed: {mistake.confidence * 100:.0f} % is too little{least}"
    return tag("li", label(mistake.label), said, class_=mistake.kind.value)


def _drawn(picture: Picture) -> Markup:
    """Draw the picture, and on it numbered boxes, as the list below numbers them."""
    small = picture.thumbnail
    width, height = small.width, small.height
    content = base64.b64encode(small.jpeg or b"").decode()
    parts = [tag("image", href=f"data:image/jpeg;base64,{content}", width=width, height=height)]
    parts += [_box(found.box, width, height, "right") for found in picture.image.right if found.box]
    numbered = list(enumerate(picture.image.mistakes[:_MOST_LISTED], start=1))
    for _, mistake in reversed(numbered):  # the worst last, on top
        if mistake.box:
            parts.append(_box(mistake.box, width, height, mistake.kind.value))
    for number, mistake in reversed(numbered):
        if mistake.box:
            parts.append(_badge(number, mistake, width, height))
    there = ", ".join(picture.image.expected) or "nothing"
    return tag("svg", *parts, viewBox=f"0 0 {width} {height}", role="img", aria_label=f"An image that shows {there}")


def _box(box: Box, width: int, height: int, kind: str) -> Markup:
    left, top = _within(box.left) * width, _within(box.top) * height
    right, bottom = _within(box.left + box.width) * width, _within(box.top + box.height) * height
    place: dict[str, str | float] = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    rim = tag("rect", **place, class_=f"rim {kind}")
    return joined(rim, tag("rect", **place, class_=f"box {kind}"))


def _badge(number: int, mistake: Mistake, width: int, height: int) -> Markup:
    assert mistake.box
    radius = max(width, height) / 28
    corner = mistake.box.left if mistake.kind is Kind.WRONG else mistake.box.left + mistake.box.width
    x = min(max(_within(corner) * width, radius), width - radius)
    y = min(max(_within(mistake.box.top) * height, radius), height - radius)
    return joined(
        tag("circle", cx=x, cy=y, r=radius, class_=f"badge {mistake.kind}"),
        tag("text", str(number), x=x, y=y + radius * 0.42, font_size=radius * 1.25, class_="badge"),
    )


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
