"""Every code of the linter: a broken data set that causes it, and nothing but what follows from it."""

import json
from pathlib import Path

import pytest

from lambdas.datasets.census import Manifest
from lambdas.datasets.codes import NOT_FORESEEN, RULES, Code, Weight
from lambdas.datasets.limits import MAX_MANIFEST_BYTES
from lambdas.datasets.lint import lint
from lambdas.datasets.manifest_text import text_lines
from lambdas.datasets.seen import Seen
from local.rekognition.limits import DEFAULT_LIMITS
from local.rekognition.line_images import judged_by_claim
from local.rekognition.manifests import read_line as read_by_the_stand_in
from tests.unit.datasets.manifests import boxed, classified, good, linted, manifest, seeing, setting, without

BOX = ("dent", 8.0, 8.0, 40.0, 40.0)
LABEL = "a0-metadata"

# Code, and the line that causes it, put behind 24 good ones.
LINES = [
    ("ERROR_INVALID_JSON_LINE", "{"),
    ("ERROR_INVALID_JSON_LINE", "[]"),
    ("ERROR_INVALID_JSON_LINE", '{"source-ref": NaN}'),
    ("ERROR_INVALID_JSON_LINE", '{"source-ref": "s3://datasets/a.png", "x": 1e999}'),
    ("ERROR_INVALID_JSON_LINE", r'{"source-ref": "s3://datasets/\ud800.png"}'),
    ("ERROR_MISSING_SOURCE_REF", without(classified(99), "source-ref")),
    ("ERROR_INVALID_SOURCE_REF_FORMAT", setting(classified(99), "http://datasets/a.png", "source-ref")),
    ("ERROR_INVALID_SOURCE_REF_FORMAT", setting(classified(99), "s3://datasets/", "source-ref")),
    ("ERROR_INVALID_SOURCE_REF_FORMAT", setting(classified(99), 7, "source-ref")),
    ("ERROR_NO_LABEL_ATTRIBUTES", without(classified(99), LABEL)),
    ("ERROR_NO_LABEL_ATTRIBUTES", without(classified(99), "a0")),
    ("ERROR_NO_VALID_LABEL_ATTRIBUTES", classified(99, *map(str, range(51)))),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", without(boxed(99, BOX), "bb", "image_size")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", setting(boxed(99, BOX), {}, "bb", "annotations")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", setting(boxed(99, BOX), 1, "bb")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", without(boxed(99, BOX), "bb", "annotations", 0, "width")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", setting(boxed(99, BOX), "4", "bb", "annotations", 0, "left")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", setting(classified(99), 7, LABEL)),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", without(classified(99), LABEL, "type")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", without(classified(99), LABEL, "class-name")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", without(classified(99), LABEL, "confidence")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", without(boxed(99, BOX), "bb-metadata", "class-map")),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", without(boxed(99, BOX), "bb-metadata", "objects")),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", setting(boxed(99, BOX), [], "bb-metadata", "objects")),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", setting(boxed(99, BOX), [{}], "bb-metadata", "objects")),
    ("ERROR_MISSING_CLASS_MAP_ID", setting(boxed(99, BOX), {"5": "dent"}, "bb-metadata", "class-map")),
    ("ERROR_NO_VALID_ANNOTATIONS", setting(boxed(99, BOX), {"5": "dent"}, "bb-metadata", "class-map")),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", boxed(99, *[BOX] * 51)),
    ("ERROR_UNSUPPORTED_USE_CASE_TYPE", setting(classified(99), "groundtruth/semantic-segmentation", LABEL, "type")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", classified(99, "")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", classified(99, "x" * 256)),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", boxed(99, ("x" * 256, 8, 8, 40, 40))),
    ("ERROR_INVALID_IMAGE_DIMENSION", boxed(99, BOX, side=63)),
    ("ERROR_INVALID_IMAGE_DIMENSION", boxed(99, BOX, side=4097)),
    ("ERROR_INVALID_BOUNDING_BOX", boxed(99, ("dent", 8, 8, 93, 40))),
    ("ERROR_INVALID_BOUNDING_BOX", boxed(99, ("dent", -1, 8, 40, 40))),
    ("ERROR_BOUNDING_BOX_TOO_SMALL", boxed(99, ("dent", 8, 8, 3, 90), side=4096)),
    ("WARNING_UNANNOTATED_RECORD", {"source-ref": "s3://datasets/a.png"}),
    ("WARNING_NO_ANNOTATIONS", boxed(99)),
    ("WARNING_NO_ATTRIBUTE_ANNOTATIONS", boxed(99)),
    ("LINT_LINE_TOO_LONG", setting(classified(99), "x" * 100_000, "note")),
    ("LINT_DUPLICATE_SOURCE_REF", classified("a0", "a")),
]

# Code, what a look at the image told, and the line.
LOOKS = [
    ("ERROR_INVALID_IMAGE", Seen(problem="there is no such object"), classified(99)),
    ("ERROR_INVALID_IMAGE", Seen(size=15 * 1024**2 + 1), classified(99)),
    ("ERROR_INVALID_IMAGE", Seen(format="GIF"), classified(99)),
    ("ERROR_INVALID_IMAGE_DIMENSION", Seen(format="PNG", width=63, height=64), classified(99)),
    ("ERROR_INVALID_IMAGE_DIMENSION", Seen(format="PNG", width=64, height=1281), classified(99)),
    ("ERROR_INVALID_BOUNDING_BOX", Seen(format="PNG", width=64, height=64), boxed(99, ("dent", 30, 8, 40, 40))),
    ("LINT_OTHER_IMAGE_SIZE", Seen(format="PNG", width=101, height=100), boxed(99, BOX)),
    ("LINT_NOT_AS_PEOPLE_SEE_IT", Seen(format="JPEG", plain=False), classified(99)),
]

MANY = [classified(number, f"label{number // 2}") for number in range(502)]
COPY = Seen(content="same")

# Code, and lint's arguments.
SETS = [
    ("ERROR_EMPTY_MANIFEST", ([], good()), {}),
    ("ERROR_EMPTY_MANIFEST", (["", " "], good()), {}),
    ("ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", (good() + ["bad"] * 7,), {}),
    ("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", (good() + good("c", bucket="other"),), {}),
    ("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", (good(), good("ab", bucket="other")), {"bucket": None}),
    ("ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET", (good(bucket="other"),), {}),
    ("ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT", ([*good(), classified(99, "c")],), {}),
    ("ERROR_MANIFEST_TOO_FEW_LABELS", (good("a"),), {}),
    ("ERROR_MANIFEST_TOO_MANY_LABELS", (MANY,), {}),
    (
        "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS",
        ([*good("a"), classified(99, "b")],),
        {"look": seeing(**{"99": Seen(problem="gone")})},
    ),
    ("ERROR_INSUFFICIENT_LABEL_OVERLAP", (good("abcde"), [classified(number, "ab"[number]) for number in (0, 1)]), {}),
    (
        "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
        (good("abc"), [classified(number, label) for number, label in enumerate("aabbbbbbbb")]),
        {"look": seeing(**{"0": Seen(problem="gone"), "1": Seen(problem="gone")})},
    ),
    ("LINT_TEST_IMAGES_IN_TRAINING", (good(), good()[:13:12]), {}),
    (
        "LINT_TEST_IMAGES_IN_TRAINING",
        (good(), [classified(0, "a"), classified(1, "b")]),
        {"look": seeing(**{"a0": COPY, "0": COPY})},
    ),
    ("LINT_DUPLICATE_IMAGE", (good(),), {"look": seeing(a0=COPY, a1=COPY)}),
    ("LINT_CONFLICTING_LABELS", (good(),), {"look": seeing(a0=COPY, b1=COPY)}),
    ("LINT_FEW_IMAGES_OF_A_LABEL", (good(each=9),), {}),
    ("LINT_CLASS_IMBALANCE", (good("a", each=111) + good("b", each=11),), {}),
    ("LINT_LABEL_WITHOUT_TEST_IMAGE", (good(), [classified(0, "a")]), {}),
    ("LINT_LABEL_ONLY_IN_TEST", (good(), [classified(0, "a"), classified(1, "b"), classified(2, "c")]), {}),
    (
        "LINT_TOO_MANY_TEST_IMAGES_OF_A_LABEL",
        (good(), [*(classified(number, "a") for number in range(1001)), classified("x", "b")]),
        {},
    ),
    (
        "LINT_LABELS_ALIKE",
        ([classified(number, f"{'Bb'[number % 2]}ig dent") for number in range(24)],),
        {},
    ),
    ("LINT_MIXED_KINDS", ([*good(), boxed(99, BOX)],), {}),
]
FILES = [
    ("ERROR_MANIFEST_SIZE_TOO_LARGE", Manifest(name="train.manifest", lines=["{}"], size=MAX_MANIFEST_BYTES + 1)),
    (
        "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT",
        Manifest(name="train.manifest", lines=text_lines([b"\xff\xfe{\0}\0"])),
    ),
    ("ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM", Manifest(name="train.manifest", lines=("{}" for _ in range(28_001)))),
]

# The guide's pages on failed trainings and on data sets with errors.
CODES_OF_THE_SERVICE = {
    "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT",
    "ERROR_EMPTY_MANIFEST",
    "ERROR_MANIFEST_SIZE_TOO_LARGE",
    "ERROR_CANNOT_WRITE_OUTPUT_S3_BUCKET",
    "ERROR_INVALID_PERMISSIONS_MANIFEST_S3_BUCKET",
    "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM",
    "ERROR_TOO_MANY_RECORDS_IN_ERROR",
    "ERROR_MANIFEST_TOO_MANY_LABELS",
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE",
    "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST",
    "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS",
    "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET",
    "ERROR_INVALID_IMAGES_S3_BUCKET_OWNER",
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
    "ERROR_MANIFEST_TOO_FEW_LABELS",
    "ERROR_INSUFFICIENT_LABEL_OVERLAP",
    "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS",
    "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
    "ERROR_FAILED_IMAGES_S3_COPY",
    "ERROR_MISSING_SOURCE_REF",
    "ERROR_INVALID_SOURCE_REF_FORMAT",
    "ERROR_NO_LABEL_ATTRIBUTES",
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
    "ERROR_NO_VALID_LABEL_ATTRIBUTES",
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE",
    "ERROR_MISSING_CLASS_MAP_ID",
    "ERROR_INVALID_JSON_LINE",
    "ERROR_INVALID_IMAGE",
    "ERROR_INVALID_IMAGE_DIMENSION",
    "ERROR_INVALID_BOUNDING_BOX",
    "ERROR_NO_VALID_ANNOTATIONS",
    "ERROR_BOUNDING_BOX_TOO_SMALL",
    "ERROR_TOO_MANY_BOUNDING_BOXES",
    "ERROR_UNSUPPORTED_USE_CASE_TYPE",
    "ERROR_INVALID_LABEL_NAME_LENGTH",
    "WARNING_UNANNOTATED_RECORD",
    "WARNING_NO_ANNOTATIONS",
    "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
}


def test_every_code_of_the_service_is_looked_for_or_said_to_be_unforeseeable():
    ours = {code.value for code in Code if not code.startswith("LINT_")}
    assert ours | NOT_FORESEEN.keys() == CODES_OF_THE_SERVICE
    assert not ours & NOT_FORESEEN.keys()


def test_every_code_has_a_broken_data_set_in_this_file():
    shown = {case[0] for cases in (LINES, LOOKS, SETS, FILES) for case in cases}
    assert shown == set(Code)


def test_every_code_has_a_weight_a_meaning_and_a_remedy():
    assert RULES.keys() == set(Code)
    for code, rule in RULES.items():
        assert rule.said, code
        assert rule.remedy, code
        assert rule.said[-1] != ".", code


def test_good_lines_have_no_findings():
    assert linted(good()).findings == ()
    assert linted([boxed(number, BOX) for number in range(12)]).findings == ()
    assert linted(good(), [classified(0, "a"), classified(1, "b")]).findings == ()


@pytest.mark.parametrize(("code", "line"), LINES)
def test_a_broken_line_is_told_with_its_number_and_loses_no_other(code, line):
    report = linted([*good(), line])
    found = {finding.code: finding for finding in report.findings}
    assert found[code].line == 25
    assert report.train.images == {"a": 12, "b": 12}
    assert report.train.bad == (Code(code).rule.weight is Weight.LOST)


@pytest.mark.parametrize(("code", "line"), [case for case in LINES if not case[0].startswith("LINT_")])
def test_the_stand_in_finds_the_same_codes_on_a_line(code, line):
    """Two implementations that share nothing but the guide."""
    text = line if isinstance(line, str) else json.dumps(line)
    theirs = {found.code for found in judged_by_claim(read_by_the_stand_in(text, DEFAULT_LIMITS)).findings}
    assert {finding.code.value for finding in linted([text]).findings if finding.line} == theirs


@pytest.mark.parametrize(("code", "seen", "line"), LOOKS)
def test_what_a_look_at_the_image_tells_is_told_with_the_line(code, seen, line):
    report = linted([*good(), line], look=seeing(**{"99": seen}))
    assert [finding.line for finding in report.findings if finding.code == code] == [25]


@pytest.mark.parametrize(("code", "sets", "options"), SETS)
def test_what_is_wrong_with_a_whole_set_is_told(code, sets, options):
    report = linted(*sets, **options)
    assert code in {finding.code for finding in report.findings}
    assert [finding.code for finding in report.failures] == ([code] if Code(code).rule.weight is Weight.FAILS else [])


@pytest.mark.parametrize(("code", "train"), FILES)
def test_what_is_wrong_with_a_file_is_told(code, train):
    report = lint(train, manifest("test.manifest", good()), bucket=None, region="ap-south-1")
    assert [finding.code for finding in report.failures] == [code]


def test_the_document_has_every_code_with_its_meaning_and_remedy():
    document = (Path(__file__).parents[3] / "docs" / "data-sets.md").read_text(encoding="utf-8")
    rows = set(document.splitlines())
    assert {f"| `{code}` | {rule.said} | {rule.remedy} |" for code, rule in RULES.items()} <= rows
    assert {f"| `{code}` | {why} |" for code, why in NOT_FORESEEN.items()} <= rows
