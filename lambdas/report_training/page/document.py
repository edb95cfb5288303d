"""The report as one HTML file that needs nothing else: no script, no address, and a policy that would refuse them."""

import base64
import hashlib
from typing import Final

from lambdas.report_training.page.confusion import confusion
from lambdas.report_training.page.curves import curves
from lambdas.report_training.page.data import data_sets, facts, notes, training
from lambdas.report_training.page.markup import Markup, joined, tag, void
from lambdas.report_training.page.mistakes import mistakes
from lambdas.report_training.page.numbers import moment
from lambdas.report_training.page.scores import judgement, labels_table, tiles, verdict
from lambdas.report_training.page.style import STYLE
from lambdas.report_training.report import Report

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
_TERMS: Final = (
    ("Precision", "of what the model finds, the share that is there."),
    ("Recall", "of what is there, the share that the model finds."),
    ("F1", "the harmonic mean of both: high only where both are. Overall scores are plain means over the labels."),
    (
        "Threshold",
        "the confidence from which a find counts. The training assumes the one with the best F1.",
    ),
)


def page(report: Report, project: str) -> str:
    """Draw the whole report."""
    body = tag(
        "main",
        _header(report, project),
        tiles(report),
        facts(report),
        labels_table(report),
        confusion(report),
        curves(report),
        mistakes(report),
        data_sets(report),
        training(report),
        notes(report),
        _terms(),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(report, project), tag('body', body), lang='en')}\n"


def _head(report: Report, project: str) -> Markup:
    return tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="referrer", content="no-referrer"),
        void("meta", name="color-scheme", content="light dark"),
        tag("title", f"{project} {report.version.name}: training report"),
        Markup(f"<style>{STYLE}</style>"),
    )


def _header(report: Report, project: str) -> Markup:
    return tag(
        "header",
        tag("p", "Training report", class_="eyebrow"),
        tag("h1", project, " ", tag("span", report.version.name)),
        tag("p", moment(report.version.ended or report.version.created), class_="when"),
        verdict(report),
        judgement(report),
    )


def _terms() -> Markup:
    said = (joined(tag("b", name), ": ", meaning, " ") for name, meaning in _TERMS)
    return tag("footer", tag("p", *said))
