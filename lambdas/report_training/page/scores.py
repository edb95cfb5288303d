"""The part of the page with the scores: overall, and label by label."""

from typing import Final

from lambdas.report_training.comparison import Change, Direction, changed_labels
from lambdas.report_training.evaluation import NO_SCORES, Evaluation, LabelScores
from lambdas.report_training.page.markup import Markup, joined, label, tag
from lambdas.report_training.page.numbers import change, count, percent, score, seen_change
from lambdas.report_training.report import Report

MOST_LABELS: Final = 250  # rows; a model may have so many labels


def verdict(report: Report) -> Markup:
    """Say in a sentence or two how the training went."""
    evaluation, former = report.evaluation, report.former_evaluation
    if evaluation is None:
        return tag("p", f"{report.version.status}: {report.version.message or 'no reason was given'}", class_="verdict")
    if former is None or report.former is None:
        tested = count(evaluation.testing_images)
        return tag("p", "F1 ", score(evaluation.overall.f1), f" on {tested} test images.", class_="verdict")
    overall = Change(evaluation.overall.f1, former.overall.f1)
    words = {
        Direction.BETTER: "Better than",
        Direction.WORSE: "Worse than",
        Direction.SAME: "As good as",
        Direction.UNKNOWN: "Not to be compared with",
    }
    labels = changed_labels(evaluation, former)
    counted = ", ".join(f"{labels[kind]} {kind}" for kind in Direction if labels[kind] and kind != Direction.UNKNOWN)
    return joined(
        tag(
            "p",
            tag("span", words[overall.direction], class_=overall.direction.value),
            f" {report.former.name}: F1 ",
            score(evaluation.overall.f1),
            " against ",
            score(former.overall.f1),
            ".",
            class_="verdict",
        ),
        tag("p", f"Labels: {counted}. " if counted else "", _comparable(report), class_="muted"),
    )


def judgement(report: Report) -> Markup:
    """Say whether the version is good enough for its project, and what speaks against it."""
    judged = report.judgement
    if judged is None:
        return Markup("")
    if judged.accepted:
        said = tag("p", tag("span", "Accepted", class_="better"), " by the project's settings.")
    else:
        said = tag("p", tag("span", "Rejected", class_="worse"), " by the project's settings; it is not started:")
    reasons = tag("ul", *(tag("li", reason) for reason in judged.reasons)) if judged.reasons else ""
    notes = tag("p", f"Not judged: {'; '.join(judged.notes)}.", class_="muted") if judged.notes else ""
    return tag("div", said, reasons, notes, class_="judgement")


def tiles(report: Report) -> Markup:
    """Draw the overall scores."""
    evaluation, former = report.evaluation, report.former_evaluation
    if evaluation is None:
        return Markup("")
    now, before = evaluation.overall, former.overall if former else NO_SCORES
    said = [
        ("F1", Change(now.f1, before.f1)),
        ("Precision", Change(now.precision, before.precision)),
        ("Recall", Change(now.recall, before.recall)),
        ("Average precision", Change(evaluation.average_precision, former.average_precision if former else None)),
        ("Average recall", Change(evaluation.average_recall, former.average_recall if former else None)),
    ]
    return tag("div", *(_tile(name, of) for name, of in said if of.now is not None), class_="tiles")


def labels_table(report: Report) -> Markup:
    """Draw a row for each label, the worst first."""
    evaluation = report.evaluation
    if evaluation is None or not evaluation.labels:
        return Markup("")
    heads = ["Label", "F1", "Precision", "Recall", "Threshold", "Test images", "Missed", "Wrong", "Trained with"]
    rows = [_row(report, scores) for scores in evaluation.labels[:MOST_LABELS]]
    more = len(evaluation.labels) - len(rows)
    note = "The worst first. Each score is at the label's assumed threshold, in percent, which the training chose."
    if report.former_evaluation:
        note += " The thin mark on a bar is the version before."
    return tag(
        "section",
        tag("h2", "Labels"),
        tag("p", note, class_="muted"),
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
            tag("tbody", *rows),
            class_="labels",
        ),
        tag("p", f"{more:,} more labels are in the evaluation summary.", class_="muted") if more else "",
        _gone(evaluation, report.former_evaluation),
    )


def bar(of: Change) -> Markup:
    """Draw a score from 0 to 1 as a bar, and what it was as a mark on it."""
    parts = [_rect(0, 100, "track")]
    if of.now is not None:
        parts.append(_rect(0, 100 * _clipped(of.now), "fill"))
    if of.before is not None:
        parts.append(_rect(min(98.8, max(0.0, 100 * _clipped(of.before) - 0.6)), 1.2, "mark"))
    return tag("svg", *parts, class_="bar", viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true")


def _comparable(report: Report) -> str:
    match report.same_test_set:
        case True:
            return "Both were tested on the same images."
        case False:
            return "They were tested on different images or labels: compare with care."
    return "Whether both were tested on the same images is not known."


def _tile(name: str, of: Change) -> Markup:
    return tag(
        "div",
        tag("div", name, class_="name"),
        tag("div", score(of.now), change(of), class_="value"),
        bar(of),
        tag("div", "before ", score(of.before), class_="muted") if of.before is not None else "",
        class_="tile",
    )


def _row(report: Report, scores: LabelScores) -> Markup:
    former = report.former_evaluation
    known = former.label(scores.label) if former else None
    before = known or NO_SCORES
    f1 = Change(scores.f1, before.f1)
    counts = report.tally.labels.get(scores.label) if report.tally else None
    trained = report.training_counts.get(scores.label)
    new = tag("span", "new", class_="change") if former and not known else Markup("")
    return tag(
        "tr",
        tag("th", label(scores.label), scope="row"),
        _cell("F1", bar(f1), tag("span", score(scores.f1), seen_change(f1), new, class_="pair"), class_="f1"),
        _cell("Precision", score(scores.precision), seen_change(Change(scores.precision, before.precision))),
        _cell("Recall", score(scores.recall), seen_change(Change(scores.recall, before.recall))),
        _cell("Threshold", percent(scores.threshold)),
        _cell("Test images", count(scores.testing_images)),
        _cell("Missed", count(counts.missed if counts else None)),
        _cell("Wrong", count(counts.wrong if counts else None)),
        _cell("Trained with", count(trained)),
    )


def _cell(name: str, *children: str, class_: str = "") -> Markup:
    """Draw a cell; a narrow page shows its name beside it."""
    return tag("td", *children, data_name=name, class_=class_) if class_ else tag("td", *children, data_name=name)


def _gone(evaluation: Evaluation, former: Evaluation | None) -> Markup:
    known = {scores.label for scores in evaluation.labels}
    gone = [scores.label for scores in former.labels if scores.label not in known] if former else []
    if not gone:
        return Markup("")
    named = [child for name in gone[:20] for child in (label(name), ", ")][:-1]
    more = f" and {len(gone) - 20} more" if len(gone) > 20 else ""
    return tag("p", "Only the version before knows ", *named, more, ".", class_="muted")


def _rect(left: float, width: float, kind: str) -> Markup:
    return tag("rect", x=left, y=0, width=width, height=8, class_=kind)


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
