"""The page and the picture that report_training writes."""

import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from demo.pictures import digits, scenes
from lambdas.items import from_item, to_item
from lambdas.report_training import handler
from tests.unit.aws import client_of
from tests.unit.lambdas.pictures import bomb, noise, picture
from tests.unit.lambdas.trained import (
    PROJECT_ARN,
    Versions,
    arn,
    boxes_line,
    image_line,
    put_manifest,
    put_version,
    summary_of,
    train,
)
from tests.unit.objects import Objects

HOSTILE = '</title><script>alert(1)</script><img src=x onerror="alert(2)">\u202e&"\''
PLACE = ("output", "digits/v2/TrainingReport-demo.digits-v2.html")
PICTURE = ("output", "digits/v2/TrainingReport-demo.digits-v2.png")
LINE = image_line("a.png", ["one"], {"one": 0.9, "two": 0.8})


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.text, self.elements, self.attributes, self.values, self.words = text, [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attributes]
        self.values += [float(value) for name, value in attributes if tag == "data" and name == "value"]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def said(self):
        return " ".join("".join(self.words).split())

    @property
    def thumbnails(self):
        found = [value for _, name, value in self.attributes if name == "href"]
        return [base64.b64decode(value.removeprefix("data:image/jpeg;base64,")) for value in found]


@pytest.fixture
def objects():
    return Objects()


@pytest.fixture
def activate(table):
    def write(name, former=None):
        said = {"PK": "PROJECT#digits", "SK": "STATE", "ActiveVersionArn": arn(name)}
        table.items["PROJECT#digits", "STATE"] = to_item(said | ({"FormerVersionArn": arn(former)} if former else {}))

    return write


@pytest.fixture
def report(objects, dynamodb, monkeypatch, lambda_context):
    """Call the handler for v2; return its answer and the page."""
    monkeypatch.setenv("REGISTRY_TABLE", "registry")
    monkeypatch.setenv("DATASETS_BUCKET", "datasets")

    def call(*versions, **more):
        services = {"s3": objects, "rekognition": Versions(*versions)}
        made = {name: client_of(name, fake) for name, fake in services.items()} | {"dynamodb": dynamodb}
        monkeypatch.setattr(handler, "client", made.__getitem__)
        given = {"Project": "digits", "ProjectArn": PROJECT_ARN, "VersionName": "v2"} | more
        answer = handler.handle(given, lambda_context)
        return answer, Page(objects.bodies[PLACE].decode())

    yield call
    if handler._decoder.cache_info().currsize:
        handler._decoder().close()
        handler._decoder.cache_clear()


@pytest.fixture(scope="module")
def trained():
    """Two trainings of the stand-in on digits."""
    objects = Objects()
    return objects, train(objects, digits(train=80, test=40, unseen=0), v1=0.25, v2=1)


def document(objects, said):
    place = said["EvaluationResult"]["Summary"]["S3Object"]
    return json.loads(objects.bodies[place["Bucket"], place["Name"]])


def test_every_score_of_the_evaluation_is_on_the_page_with_all_its_digits(trained, objects, report, table):
    left, (before, now) = trained
    objects.bodies.update(left.bodies)
    active = {"PK": "PROJECT#digits", "SK": "STATE", "ActiveVersionArn": before["ProjectVersionArn"]}
    table.items["PROJECT#digits", "STATE"] = to_item(active)
    _, page = report(before, now)
    summary = document(objects, now)
    overall = summary["AggregatedEvaluationResults"]
    expected = {overall["F1Score"], overall["Precision"], overall["Recall"]}
    expected |= {number for each in summary["LabelEvaluationResults"] for number in each["Metrics"].values()}
    expected |= {entry["Value"] for entry in overall["ConfusionMatrix"]}
    expected.add(document(objects, before)["AggregatedEvaluationResults"]["F1Score"])
    assert expected <= set(page.values)
    assert f"F1 {overall['F1Score']:.3f} against" in page.said
    assert "Both were tested on the same images" in page.said
    assert "41" in page.said  # lines of the test manifest, one of which is no JSON
    assert "ERROR_INVALID_JSON_LINE" in page.said
    assert "lacks" not in page.said


def test_a_model_that_finds_objects_has_its_mistakes_drawn_in_boxes(objects, report):
    (now,) = train(objects, scenes(train=4, test=4, unseen=0), v2=1)
    _, page = report(now)
    overall = document(objects, now)["AggregatedEvaluationResults"]
    assert {overall["AveragePrecision"], overall["AverageRecall"]} <= set(page.values)
    assert "Confusion matrix" not in page.said
    drawn = {value for tag, name, value in page.attributes if tag == "rect" and name == "class"}
    assert drawn & {"box missed", "box wrong"}
    assert page.thumbnails
    for content in page.thumbnails:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            assert max(image.size) <= 400


def test_the_answer_names_both_files_and_links_without_a_token(objects, report):
    answer, _ = report(put_version(objects, "v2", summary_of({"one": 0.5})))
    key = "digits/v2/TrainingReport-demo.digits-v2"
    assert answer == {
        "Html": {"S3Bucket": "output", "S3ObjectName": f"{key}.html"},
        "Image": {"S3Bucket": "output", "S3ObjectName": f"{key}.png"},
        "Link": f"s3://output/{key}.html",
        "ConsoleLink": "https://eu-west-1.console.aws.amazon.com/s3/object/output?region=eu-west-1&prefix="
        + key.replace("/", "%2F")
        + ".html",
    }


def test_the_picture_is_a_card_of_1200_by_630_pixels(objects, report):
    report(put_version(objects, "v2", summary_of({HOSTILE: 0.5, "ü" * 256: 0.7}), [LINE]))
    with Image.open(io.BytesIO(objects.bodies[PICTURE]), formats=["PNG"]) as image:
        assert image.size == (1200, 630)
        assert len(image.getcolors(maxcolors=100_000)) > 20
    assert len(objects.bodies[PICTURE]) < 100_000


def test_the_page_needs_nothing_else_and_forbids_it(objects, report):
    objects.bodies["datasets", "a.png"] = picture()
    version = put_version(objects, "v2", summary_of({"one": 0.5, "two": 0.9}, {("one", "two"): 0.5}), [LINE])
    _, page = report(version)
    assert not {"script", "link", "iframe", "object", "a", "form", "base"} & set(page.elements)
    addresses = [value for _, name, value in page.attributes if name in ("src", "href", "srcset", "action", "data")]
    assert len(addresses) == 1
    assert addresses[0].startswith("data:image/jpeg;base64,")
    assert not re.findall(r"https?:|//[a-z]|url\(|@import", page.text.replace("s3://", ""))
    assert not [name for _, name, _ in page.attributes if name == "style" or name.startswith("on")]
    (policy,) = [value for _, name, value in page.attributes if name == "content" and "default-src" in value]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_policy_lets_the_style_through(objects, report):
    _, page = report(put_version(objects, "v2", summary_of({"one": 0.5})))
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = hashlib.sha256(style.encode()).digest()
    assert f"sha256-{base64.b64encode(digest).decode()}" in page.text


def test_what_others_wrote_is_text(objects, report, activate):
    lines = [
        image_line(f"{HOSTILE}.png", [HOSTILE], {HOSTILE: 0.1, "two": 0.9}),
        boxes_line("b.png", [(HOSTILE, (10, 10, 50, 50))], [(HOSTILE, (90, 10, 50, 50), 0.9, False)]),
    ]
    wrong = {"source-ref": "s3://a/b", "errors": [{"code": HOSTILE, "message": HOSTILE}]}
    summary = put_manifest(objects, "m.json", json.dumps({"errors": [{"code": HOSTILE, "message": HOSTILE}]}).encode())
    version = put_version(
        objects,
        "v2",
        summary_of({HOSTILE: 0.5, "two": 0.9}, {(HOSTILE, "two"): 0.5}),
        lines,
        StatusMessage=HOSTILE,
        TrainingDataResult={"Validation": put_manifest(objects, "w.json", json.dumps(wrong).encode())},
        ManifestSummary=summary["Assets"][0]["GroundTruthManifest"],
    )
    objects.bodies["datasets", "b.png"] = picture(200, 100)
    activate("v1")
    _, page = report(version, put_version(objects, "v1", summary_of({HOSTILE + "gone": 0.5})))
    assert page.elements.count("title") == 1
    assert not {"script", "img"} & set(page.elements)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "\u202e" not in page.text
    shown = HOSTILE.replace("\u202e", "\ufffd")
    assert page.said.count(shown) > 8


def test_without_an_active_version_the_page_says_so_and_compares_nothing(objects, report):
    _, page = report(put_version(objects, "v2", summary_of({"one": 0.5})))
    assert "The project has no active version to compare with." in page.said
    assert "F1 0.500 on 20 test images." in page.said
    assert not {"Better", "Worse"} & set(page.said.split())


@pytest.mark.parametrize(("before", "said"), [(0.4, "Better than v1"), (0.6, "Worse than v1"), (0.5, "As good as v1")])
def test_the_page_says_how_the_version_compares(objects, report, activate, before, said):
    activate("v1")
    now = put_version(objects, "v2", summary_of({"one": 0.5}), [LINE])
    _, page = report(now, put_version(objects, "v1", summary_of({"one": before}), [LINE]))
    assert f"{said}: F1 0.500 against {before:.3f}" in page.said


def test_a_version_that_is_active_itself_is_compared_with_the_one_before(objects, report, activate):
    activate("v2", former="v1")
    now = put_version(objects, "v2", summary_of({"one": 0.5}))
    _, page = report(now, put_version(objects, "v1", summary_of({"one": 0.4})))
    assert "Better than v1" in page.said


def test_versions_that_were_tested_on_other_images_are_compared_with_a_warning(objects, report, activate):
    activate("v1")
    now = put_version(objects, "v2", summary_of({"one": 0.5}), [LINE])
    other = image_line("b.png", ["one"], {"one": 0.9})
    _, page = report(now, put_version(objects, "v1", summary_of({"one": 0.4}), [other]))
    assert "different images or labels: compare with care" in page.said


def test_an_active_version_that_was_deleted_leaves_an_honest_page(objects, report, activate):
    activate("v1")
    _, page = report(put_version(objects, "v2", summary_of({"one": 0.5})))
    assert "v1 is the active version, but Rekognition does not know it any more" in page.said


def test_files_that_are_gone_leave_an_honest_page(objects, report, activate):
    activate("v1")
    now = put_version(objects, "v2", summary_of({"one": 0.5}), [LINE])
    before = put_version(objects, "v1", summary_of({"one": 0.5}), [LINE])
    for name in ("v2/tests.json", "v1/summary.json"):
        del objects.bodies["output", name]
    _, page = report(now, before)
    assert "What this report lacks" in page.said
    assert "s3://output/v2/tests.json cannot be read (NoSuchKey)" in page.said
    assert "Left out: the scores of v1" in page.said
    assert 0.5 in page.values
    assert "Worst mistakes" not in page.said


def test_a_training_that_failed_is_reported_with_its_reason(objects, report):
    failed = put_version(objects, "v2", None, Status="TRAINING_FAILED", StatusMessage="Too few labels.")
    del failed["BillableTrainingTimeInSeconds"]
    _, page = report(failed)
    assert "TRAINING_FAILED: Too few labels." in page.said
    assert "a failed training is not billed" in page.said
    assert PICTURE in objects.bodies


def test_why_a_version_was_rejected_is_on_the_page_and_in_the_picture(objects, report):
    version = put_version(objects, "v2", summary_of({"one": 0.5}))
    reasons = ["F1 0.500 is under min_f1, which is 0.8", f"no test image shows {HOSTILE}"]
    report(version)
    unjudged = objects.bodies[PICTURE]
    _, page = report(version, Verdict={"Accepted": False, "Reasons": reasons, "Notes": [], "Dollars": 1.5})
    assert "Rejected by the project's settings; it is not started" in page.said
    assert reasons[0] in page.said
    assert "no test image shows </title><script>" in page.said
    assert objects.bodies[PICTURE] != unjudged


def test_what_could_not_be_judged_of_an_accepted_version_is_on_the_page(objects, report):
    note = "v1 was tested with other images: its labels were not compared"
    version = put_version(objects, "v2", summary_of({"one": 0.5}))
    _, page = report(version, Verdict={"Accepted": True, "Reasons": [], "Notes": [note]})
    assert "Accepted by the project's settings." in page.said
    assert f"Not judged: {note}." in page.said
    assert "Rejected" not in page.said


@pytest.mark.parametrize("more", [{}, {"Verdict": {}}])
def test_of_a_version_that_nobody_judged_the_page_claims_nothing(objects, report, more):
    _, page = report(put_version(objects, "v2", None, Status="TRAINING_FAILED"), **more)
    assert not {"Accepted", "Rejected"} & set(page.said.split())


def test_the_links_are_remembered_with_the_training(objects, report, table):
    key = {"PK": "PROJECT#digits", "SK": "ATTEMPT#a1"}
    table.items[key["PK"], key["SK"]] = to_item(key | {"Status": "CLAIMED"})
    answer, _ = report(put_version(objects, "v2", summary_of({"one": 0.5})), Attempt="a1")
    kept = from_item(table.items[key["PK"], key["SK"]])
    assert kept["Report"] == {"Link": answer["Link"], "ConsoleLink": answer["ConsoleLink"]}
    assert kept["Status"] == "CLAIMED"


def test_time_and_cost_are_told(objects, report):
    _, page = report(put_version(objects, "v2", summary_of({"one": 0.5})))
    assert "1 h 30 min, $1.50 at $1.00 an hour" in page.said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "The image has been deleted since the training."),
        (b"no image", "The object is not an image any more."),
        (bomb(), "3,600,000,000 in all"),
        (picture()[:60], "cannot be decoded"),
    ],
)
def test_an_image_that_cannot_be_shown_has_its_reason_in_its_place(objects, report, body, said):
    if body is not None:
        objects.bodies["datasets", "a.png"] = body
    _, page = report(put_version(objects, "v2", summary_of({"one": 0.5}), [LINE]))
    assert page.thumbnails == []
    assert said in page.said
    assert "two found with 80 %" in page.said


def test_images_of_other_buckets_are_not_read(objects, report):
    objects.bodies["secret", "a.png"] = picture()
    line = image_line("a.png", ["one"], {"two": 0.8}, bucket="secret")
    _, page = report(put_version(objects, "v2", summary_of({"one": 0.5}), [line]))
    assert page.thumbnails == []
    assert "not in the bucket of data sets" in page.said


def test_a_page_of_many_mistakes_and_labels_stays_small(objects, report):
    for number in range(14):
        objects.bodies["datasets", f"{number}.jpg"] = noise(500, 400, "JPEG")
    names = [f"{number} {'long ' * 49}" for number in range(300)]
    lines = [image_line(f"{n}.jpg", [names[n]], dict.fromkeys(names[:20], 0.99)) for n in range(40)]
    shares = {(true, found): 0.5 for true in names[:100] for found in names[:100]}
    _, page = report(put_version(objects, "v2", summary_of(dict.fromkeys(names, 0.5), shares), lines))
    assert 0 < len(page.thumbnails) <= 12
    assert all(len(content) <= 24 * 1024 for content in page.thumbnails)
    assert len(page.text) < 2_000_000
    assert "50 more labels" in page.said


def test_a_version_that_does_not_exist_is_refused(objects, report):
    with pytest.raises(handler.VersionGoneError, match="v2"):
        report()
