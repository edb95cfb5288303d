"""The parts of the page about the data sets, and about the training's time and cost."""

from typing import Final

from lambdas.prices import TRAINING_HOUR
from lambdas.report_training.page.markup import Markup, tag
from lambdas.report_training.page.numbers import count, dollars, duration, moment
from lambdas.report_training.report import Report
from lambdas.report_training.validation import Finding

_USE_CASES: Final = {
    "IMAGE_LEVEL_LABELS": "labels images",
    "OBJECT_LOCALIZATION": "finds objects",
    "NOT_DETERMINED": "not determined",
}
_MOST_FINDINGS: Final = 40


def data_sets(report: Report) -> Markup:
    """Draw the counts of the data sets, and what was wrong with them."""
    rows = [
        tag("tr", tag("th", entry.name, scope="row"), *(tag("td", count(number)) for number in numbers))
        for entry in (report.manifests.statistics if report.manifests else ())
        for numbers in [(entry.total, entry.valid, entry.invalid, entry.ignored)]
    ]
    heads = ["Manifest", "Lines", "Used", "Bad", "Ignored"]
    if not rows and not report.findings:
        return Markup("")
    return tag(
        "section",
        tag("h2", "Data sets"),
        _table(heads, rows, "numbers") if rows else "",
        _findings(report.findings),
    )


def facts(report: Report) -> Markup:
    """Draw what the model is and what it took."""
    version, evaluation = report.version, report.evaluation
    use_case = report.manifests.use_case if report.manifests else None
    said = [
        ("Model", _USE_CASES.get(use_case or "", use_case or "–")),
        ("Training images", count(evaluation.training_images if evaluation else None)),
        ("Test images", count(evaluation.testing_images if evaluation else None)),
        ("Took", duration(version.elapsed_seconds)),
        ("Billed", duration(version.billable_seconds)),
        ("Cost", dollars(version.dollars)),
    ]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in said), class_="facts")


def training(report: Report) -> Markup:
    """Draw when and where."""
    version = report.version
    price = f" at ${TRAINING_HOUR:,.2f} an hour (us-east-1; check the price of your Region)"
    billed = f"{duration(version.billable_seconds)}, {dollars(version.dollars)}{price}"
    said = [
        ("Status", f"{version.status}: {version.message}" if version.message else version.status),
        ("Began", moment(version.created)),
        ("Ended", moment(version.ended)),
        ("Billed", billed if version.billable_seconds is not None else "not told; a failed training is not billed"),
        ("Version", version.arn),
        ("Compared with", report.former.arn if report.former else "no version"),
        ("Evaluation", str(version.summary) if version.summary else "none"),
        ("Test results", str(version.testing_snapshot) if version.testing_snapshot else "none"),
    ]
    rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in said]
    return tag(
        "section",
        tag("h2", "Training"),
        tag("dl", *rows, class_="list"),
        tag("p", "Work in parallel is billed by itself, so more may be billed than has passed.", class_="muted"),
    )


def notes(report: Report) -> Markup:
    """Say what is missing."""
    if not report.notes:
        return Markup("")
    return tag("section", tag("h2", "What this report lacks"), tag("ul", *(tag("li", note) for note in report.notes)))


def _findings(findings: list[Finding]) -> Markup:
    if not findings:
        return tag("p", "The service found nothing wrong with any line.", class_="muted")
    rows = [
        tag(
            "tr",
            tag("th", finding.code, scope="row"),
            tag("td", finding.data_set),
            tag("td", count(finding.count)),
            tag("td", ", ".join(map(str, finding.lines)) + (" …" if finding.count > len(finding.lines) > 0 else "")),
            tag("td", finding.message, class_="text"),
        )
        for finding in findings[:_MOST_FINDINGS]
    ]
    return _table(["Code", "Manifest", "Times", "First lines", "Meaning"], rows, "findings")


def _table(heads: list[str], rows: list[Markup], kind: str) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    return tag("div", tag("table", head, tag("tbody", *rows), class_=kind), class_="scroll")
