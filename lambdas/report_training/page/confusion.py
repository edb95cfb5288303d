"""The part of the page with the confusion matrix, of models that label images."""

from collections import defaultdict
from typing import Final

from lambdas.report_training.evaluation import Evaluation
from lambdas.report_training.page.markup import Markup, label, tag
from lambdas.report_training.report import Report

_MOST_LABELS: Final = 24
_MOST_LISTED: Final = 10
_HEATS: Final = 10


def confusion(report: Report) -> Markup:
    """Draw what was taken for what: the labels that are confused most."""
    evaluation = report.evaluation
    if evaluation is None or not evaluation.confusion:
        return Markup("")
    shares = {(entry.true, entry.predicted): entry.share for entry in evaluation.confusion}
    names = _most_confused(evaluation)
    known = {scores.label for scores in evaluation.labels} | set(names)
    some = f" Of {len(known):,} labels, the {len(names)} that are confused most are shown."
    return tag(
        "section",
        tag("h2", "Confusion matrix"),
        tag(
            "p",
            "A row is what the images show, a column what was found on them, in percent of the row's images. An image "
            "may be found to show several labels or none, so a row need not add up to 100."
            + (some if len(known) > len(names) else ""),
            class_="muted",
        ),
        tag("div", _matrix(names, shares), class_="scroll"),
        _listed(shares),
    )


def _most_confused(evaluation: Evaluation) -> list[str]:
    """Return the labels to show, in the order of their names."""
    confused: dict[str, float] = defaultdict(float)
    for entry in evaluation.confusion:
        confused[entry.true] += entry.share if entry.true != entry.predicted else 0.0
        confused[entry.predicted] += entry.share if entry.true != entry.predicted else 0.0
    for scores in evaluation.labels:
        confused[scores.label] += 1 - scores.recall if scores.recall is not None else 0.0
    worst = sorted(confused, key=lambda name: (-confused[name], name))[:_MOST_LABELS]
    return sorted(worst)


def _matrix(names: list[str], shares: dict[tuple[str, str], float]) -> Markup:
    heads = [tag("th", tag("span", label(name)), scope="col") for name in names]
    rows = [
        tag(
            "tr",
            tag("th", label(true), scope="row"),
            *(_cell(shares.get((true, predicted), 0.0), same=true == predicted) for predicted in names),
        )
        for true in names
    ]
    corner = tag("td", "shows ↓ found →", class_="corner")
    return tag("table", tag("thead", tag("tr", corner, *heads)), tag("tbody", *rows), class_="matrix")


def _cell(share: float, *, same: bool) -> Markup:
    heat = min(_HEATS, max(0, round(share * _HEATS)))
    heat = max(heat, 1) if share > 0 else 0
    shown = f"{share * 100:.0f}" if share else "·"
    return tag("td", tag("data", shown, value=repr(share)), class_=f"{'right' if same else 'wrong'} h{heat}")


def _listed(shares: dict[tuple[str, str], float]) -> Markup:
    wrong = sorted(
        ((share, true, found) for (true, found), share in shares.items() if true != found and share > 0),
        key=lambda entry: (-entry[0], entry[1:]),
    )
    if not wrong:
        return tag("p", "No label was found on images that do not show it.", class_="muted")
    listed = [
        tag("li", label(true), " was found to be ", label(found), f" on {share:.1%} of its images")
        for share, true, found in wrong[:_MOST_LISTED]
    ]
    return tag("ol", *listed, class_="confusions")
