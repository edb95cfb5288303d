"""How report_training reads what trainings leave: within bounds, and right."""

import json

import pytest

from lambdas.pictures.decoder import Decoder
from lambdas.report_training import s3_files
from lambdas.report_training.evaluation import evaluation_of
from lambdas.report_training.mistakes import Kind, WorstMistakes
from lambdas.report_training.report import Sources, gather
from lambdas.report_training.s3_files import FileUnreadableError, Lines, read_document
from lambdas.report_training.snapshot import image_of
from lambdas.report_training.tally import Tally
from lambdas.report_training.validation import line_findings, manifest_summary
from lambdas.report_training.version import version_of
from lambdas.training_reports import Place
from tests.unit.aws import client_error, client_of
from tests.unit.lambdas.trained import boxes_line, image_line, put_version, summary_of
from tests.unit.objects import Objects

PLACE = Place("output", "lines.json")


@pytest.fixture
def objects():
    return Objects()


@pytest.fixture
def s3(objects):
    return client_of("s3", objects)


def lines_of(objects, s3, body, **bounds):
    objects.bodies["output", "lines.json"] = body
    return Lines(s3, PLACE, bounds.pop("in_time", lambda: True), **bounds)


def test_lines_are_numbered_and_what_is_no_object_is_counted(objects, s3):
    lines = lines_of(objects, s3, b'{"a": 1}\n[]\n\n{broken\n{"b": "\xff"}\n{"c": 3}')
    assert list(lines) == [(1, {"a": 1}), (5, {"c": 3})]
    assert (lines.skipped, lines.cut) == (3, False)


def test_lines_over_the_borders_of_chunks_are_whole(objects, s3, monkeypatch):
    monkeypatch.setattr(s3_files, "_CHUNK", 7)
    said = [{"name": "x" * number} for number in range(20)]
    lines = lines_of(objects, s3, "\n".join(map(json.dumps, said)).encode())
    assert [line for _, line in lines] == said


@pytest.mark.parametrize("chunk", [10, 1000])
def test_a_line_that_is_too_long_is_left_out_and_not_kept(objects, s3, monkeypatch, chunk):
    monkeypatch.setattr(s3_files, "_CHUNK", chunk)
    monkeypatch.setattr(s3_files, "MAX_LINE", 50)
    lines = lines_of(objects, s3, b'{"a": 1}\n{"b": "' + b"x" * 200 + b'"}\n{"c": 3}\n{"d": "' + b"x" * 60 + b'"}')
    assert [line for _, line in lines] == [{"a": 1}, {"c": 3}]
    assert lines.skipped == 2


def test_a_file_is_read_up_to_a_bound_only(objects, s3, monkeypatch):
    monkeypatch.setattr(s3_files, "_CHUNK", 100)
    lines = lines_of(objects, s3, b'{"a": 1}\n' * 1000, most_bytes=200)
    assert len(list(lines)) == 22
    assert lines.cut


def test_a_file_is_read_while_there_is_time_only(objects, s3):
    looks = iter([True, True, False])
    lines = lines_of(objects, s3, b'{"a": 1}\n' * 10, in_time=lambda: next(looks))
    assert len(list(lines)) == 2
    assert lines.cut


def test_a_document_that_is_too_large_or_no_object_is_refused(objects, s3):
    objects.bodies["output", "lines.json"] = b'{"a": "' + b"x" * 100 + b'"}'
    with pytest.raises(FileUnreadableError, match="more than 100 bytes"):
        read_document(s3, PLACE, 100)
    for body in (b"[]", b"{", b"[" * 100_000):
        objects.bodies["output", "lines.json"] = body
        with pytest.raises(FileUnreadableError, match="not a JSON object"):
            read_document(s3, PLACE)


def test_an_error_of_s3_that_a_retry_may_mend_passes_through():
    class Slow:
        def get_object(self, **_):
            raise client_error("SlowDown", 503)

    with pytest.raises(Exception, match="SlowDown"):
        read_document(Slow(), PLACE)


@pytest.mark.parametrize("said", [{}, {"AggregatedEvaluationResults": []}, {"LabelEvaluationResults": [3, {}]}])
def test_a_summary_without_what_it_should_have_has_no_numbers(said):
    evaluation = evaluation_of(said)
    assert evaluation.overall.f1 is None
    assert all(scores.f1 is None for scores in evaluation.labels)


@pytest.mark.parametrize("value", ["0.5", True, float("nan"), float("inf"), None, [1]])
def test_a_score_that_is_no_finite_number_is_none(value):
    said = {"AggregatedEvaluationResults": {"F1Score": value}}
    assert evaluation_of(said).overall.f1 is None


def test_what_is_found_and_missed_is_counted_by_label():
    tally = Tally()
    tally.add(image_of(image_line("a", ["one", "two"], {"one": 0.9, "two": 0.3, "six": 0.7})))
    tally.add(image_of(image_line("b", ["one"], {"one": 0.6})))
    counts = {name: (it.expected, it.right, it.wrong, it.missed) for name, it in tally.labels.items()}
    assert counts == {"one": (2, 2, 0, 0), "two": (1, 0, 0, 1), "six": (0, 0, 1, 0)}


def test_the_curve_has_precision_and_recall_at_each_threshold():
    tally = Tally()
    for key, expected, sure in (("a", ["one"], 0.9), ("b", [], 0.6), ("c", ["one"], 0.4), ("d", [], 0.2)):
        tally.add(image_of(image_line(key, expected, {"one": sure})))
    curve = {point.threshold: (point.precision, point.recall) for point in tally.labels["one"].curve()}
    assert curve[0.1] == (0.5, 1)
    assert curve[0.4] == (2 / 3, 1)
    assert curve[0.5] == (0.5, 0.5)
    assert curve[0.7] == (1, 0.5)
    assert curve[0.95] == (None, 0)


def test_a_test_set_is_told_by_its_images_and_labels_in_any_order():
    def test_set(*lines):
        tally = Tally()
        for line in lines:
            tally.add(image_of(line))
        return tally.test_set

    one, two = image_line("a", ["one"], {"one": 0.9}), image_line("b", ["two"], {"two": 0.9})
    assert test_set(one, two) == test_set(two, image_line("a", ["one"], {"six": 0.1}))
    assert test_set(one, two) != test_set(one, image_line("b", ["one"], {"two": 0.9}))
    assert test_set(one, two) != test_set(one)


def worst_of(*lines, thresholds=None):
    worst = WorstMistakes({"one": 0.5, "two": 0.5} if thresholds is None else thresholds)
    for number, line in enumerate(lines, start=1):
        worst.add(number, image_of(line))
    return worst.worst()


def test_the_worst_mistake_is_the_one_farthest_from_its_threshold():
    found = worst_of(
        image_line("mild", ["one"], {"one": 0.45}),
        image_line("right", ["one"], {"one": 0.95}),
        image_line("bad", ["one"], {"one": 0.8, "two": 0.99}),
        image_line("worst", ["one"], {"one": 0.0}),
    )
    assert [bad.source.rpartition("/")[2] for bad in found] == ["worst", "bad", "mild"]
    assert [bad.mistakes[0].kind for bad in found] == [Kind.MISSED, Kind.WRONG, Kind.MISSED]
    assert [round(bad.margin, 2) for bad in found] == [1.0, 0.98, 0.1]


def test_of_many_mistakes_the_worst_of_both_kinds_are_kept():
    missed = [image_line(f"m{number}", ["one"], {"one": 0.001 * number}) for number in range(100)]
    wrong = [image_line(f"w{number}", ["one"], {"one": 0.9, "two": 0.5 + 0.004 * number}) for number in range(100)]
    found = worst_of(*missed, *wrong)
    names = {bad.source.rpartition("/")[2] for bad in found}
    assert names == {*(f"m{n}" for n in range(6)), *(f"w{n}" for n in range(94, 100))}


def test_an_object_that_another_find_covers_is_not_missed():
    found = worst_of(
        boxes_line(
            "a",
            [("one", (10, 10, 40, 40)), ("one", (110, 10, 40, 40)), ("one", (150, 50, 40, 40))],
            [
                ("one", (112, 12, 40, 40), 0.9, True),
                ("one", (150, 50, 42, 42), 0.3, True),
                ("two", (10, 10, 40, 40), 0.8, False),
            ],
        )
    )
    (bad,) = found
    said = [(mistake.kind, mistake.label, mistake.confidence) for mistake in bad.mistakes]
    assert said == [(Kind.MISSED, "one", None), (Kind.WRONG, "two", 0.8), (Kind.MISSED, "one", 0.3)]
    lost = bad.mistakes[0].box
    assert lost is not None
    assert (lost.left, lost.top, lost.width, lost.height) == (0.05, 0.1, 0.2, 0.4)


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"source-ref": 3, "rekognition-custom-labels-training-0-metadata": []},
        {
            "rekognition-custom-labels-evaluation": {"annotations": 3},
            "rekognition-custom-labels-evaluation-metadata": {},
        },
        {"rekognition-custom-labels-evaluation-0-metadata": {"class-name": "x", "confidence": "high"}},
        {"rekognition-custom-labels-evaluation-0-metadata": {"class-name": "x", "confidence": 1}},
    ],
)
def test_a_line_that_is_not_as_it_should_be_shows_nothing(line):
    image = image_of(line)
    assert (image.expected, image.found) == ((), ())


def test_codes_of_a_validation_manifest_are_counted_at_whatever_element():
    error = {"code": "ERROR_A", "message": "a"}
    lines = [
        {"errors": [error]},
        {"boxes": {"annotations": [{"errors": [error, {"code": "ERROR_B", "message": "b"}]}]}},
        {"x-metadata": {"warnings": [error]}, "errors": 1},
    ]
    found = line_findings("training", enumerate(lines, start=1))
    assert [(it.code, it.message, it.count, it.lines) for it in found] == [
        ("ERROR_A", "a", 3, [1, 2, 3]),
        ("ERROR_B", "b", 1, [2]),
    ]


def test_of_hostile_findings_a_bounded_number_is_kept():
    lines = ({"errors": [{"code": f"{n} " + "x" * 10_000, "message": "y" * 10_000}]} for n in range(1000))
    found = line_findings("training", enumerate(lines, start=1))
    assert len(found) == 40
    assert all(len(it.code) <= 500 >= len(it.message) for it in found)


@pytest.mark.parametrize("said", [{}, {"statistics": 3, "errors": {}}, {"statistics": {"training": None}}])
def test_a_manifest_summary_without_what_it_should_have_says_nothing(said):
    assert manifest_summary(said).statistics == ()


def test_a_report_that_has_no_time_left_says_what_it_left_out(objects, s3):
    line = image_line("a", ["one"], {"one": 0.1})
    version = put_version(objects, "v2", summary_of({"one": 0.5}), [line] * 10)
    moments = iter(range(0, 1000, 6))
    sources = Sources(
        s3=s3, decoder=Decoder(), datasets_bucket="datasets", seconds=60, clock=lambda: float(next(moments))
    )
    report = gather(sources, version_of(version), None)
    assert report.evaluation is not None
    assert report.tally is not None
    assert report.tally.images == 3
    assert not report.tally.whole
    assert "too large to be read in full" in report.notes[0]
