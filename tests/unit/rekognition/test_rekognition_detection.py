"""What DetectCustomLabels sees, and what it refuses."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image
from rekognition_bench import drawing, label_line


def png(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, "PNG")
    return stream.getvalue()


def saved(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (80, 80)).save(stream, kind)
    return stream.getvalue()


@pytest.fixture
def running(bench, version):
    bench.run(version)
    return version


def test_an_unseen_image_gets_its_label_without_geometry(bench, running):
    for label in ("disc", "cross"):
        found = bench.detect(running, drawing(label, 555, kind="JPEG"))
        assert [set(answer) for answer in found] == [{"Name", "Confidence"}]
        assert found[0]["Name"] == label


def test_sixteen_bits_a_sample_show_the_same_as_eight(bench, running):
    with Image.open(io.BytesIO(drawing("disc", 555))) as image:
        grey = image.convert("L")
    deep = grey.convert("I").point(lambda sample: sample * 257).convert("I;16")
    stream = io.BytesIO()
    deep.save(stream, "PNG")
    assert bench.detect(running, stream.getvalue())[0]["Name"] == "disc"


def with_scans(count: int) -> bytes:
    """Return a progressive JPEG whose last scan is there so many times: small, valid, and long to decode."""
    stream = io.BytesIO()
    Image.new("RGB", (80, 80)).save(stream, "JPEG", progressive=True)
    body = stream.getvalue()
    last = body.rindex(b"\xff\xda")
    return body[:last] + body[last:-2] * count + body[-2:]


def test_a_jpeg_of_many_scans_is_decoded_and_one_of_too_many_is_not(bench, running):
    assert isinstance(bench.detect(running, with_scans(50)), list)
    image = {"Bytes": base64.b64encode(with_scans(101)).decode()}
    error = bench.error("DetectCustomLabels", ProjectVersionArn=running, Image=image)
    assert error == "InvalidImageFormatException"


def test_minimum_confidence_replaces_the_thresholds(bench, running):
    image = drawing("disc", 555)
    everything = bench.detect(running, image, MinConfidence=0)
    assert [answer["Name"] for answer in everything] == ["disc", "cross"]
    assert everything[0]["Confidence"] > everything[1]["Confidence"]
    above = everything[0]["Confidence"] + 0.001
    assert bench.detect(running, image, MinConfidence=above) == []


def test_without_minimum_confidence_each_label_has_its_own_threshold(bench, running):
    summary = json.loads(bench.objects.read("out", "results/EvaluationResultSummary-shapes-v1.json"))
    thresholds = {label["Label"]: label["Metrics"]["Threshold"] for label in summary["LabelEvaluationResults"]}
    for number in range(6):
        image = drawing(("disc", "cross")[number % 2], 600 + number)
        everything = bench.detect(running, image, MinConfidence=0)
        expected = [found for found in everything if found["Confidence"] >= 100 * thresholds[found["Name"]]]
        assert bench.detect(running, image) == expected != everything


def test_most_results_are_the_surest(bench, running):
    image = drawing("cross", 555)
    assert [a["Name"] for a in bench.detect(running, image, MinConfidence=0, MaxResults=1)] == ["cross"]


def test_an_object_is_read_in_its_version(bench, running):
    bench.objects.contents["data", "x.png", "old"] = drawing("disc", 555)
    bench.objects.contents["data", "x.png", None] = drawing("cross", 555)
    for version, label in ((None, "cross"), ("old", "disc")):
        place = {"Bucket": "data", "Name": "x.png"} | ({"Version": version} if version else {})
        found = bench.call("DetectCustomLabels", ProjectVersionArn=running, Image={"S3Object": place})
        assert found["CustomLabels"][0]["Name"] == label


def test_an_object_that_cannot_be_had_has_one_message(bench, running):
    bench.objects.write("secret", "x.png", drawing("disc", 1), "image/png")
    bench.objects.forbidden.add("secret")
    for place in ({"Bucket": "data", "Name": "none.png"}, {"Bucket": "secret", "Name": "x.png"}):
        status, body = bench.send("DetectCustomLabels", ProjectVersionArn=running, Image={"S3Object": place})
        assert (status, body["__type"]) == (400, "InvalidS3ObjectException")
        assert body["Message"] == (
            "Unable to get object metadata from S3. Check object key, region and/or access permissions."
        )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"not an image", "InvalidImageFormatException"),
        (saved("GIF"), "InvalidImageFormatException"),
        (saved("WEBP"), "InvalidImageFormatException"),
        (drawing("disc", 1)[:200], "InvalidImageFormatException"),
        (base64.b64encode(drawing("disc", 1)), "InvalidImageFormatException"),
        (png(4097, 64), "ImageTooLargeException"),
        (drawing("disc", 1) + bytes(4 * 1024 * 1024), "ImageTooLargeException"),
        (png(63, 80), "InvalidParameterException"),
        (png(64, 1281), "InvalidParameterException"),
        (bytes(5_242_881), "ValidationException"),
    ],
    ids=["text", "gif", "webp", "cut off", "base64 twice", "wide", "over 4 MB", "small", "narrow", "over 5 MB"],
)
def test_an_image_that_cannot_be_looked_at_is_refused_by_its_flaw(bench, running, content, error):
    image = {"Bytes": base64.b64encode(content).decode()}
    assert bench.error("DetectCustomLabels", ProjectVersionArn=running, Image=image) == error


def test_an_object_over_15_mb_is_too_large(bench, running):
    bench.objects.write("data", "big.png", drawing("disc", 1) + bytes(15 * 1024 * 1024), "image/png")
    image = {"S3Object": {"Bucket": "data", "Name": "big.png"}}
    refused = bench.error("DetectCustomLabels", ProjectVersionArn=running, Image=image)
    assert refused == "ImageTooLargeException"


@pytest.mark.parametrize("image", [{}, {"Bytes": "AAAA", "S3Object": {"Bucket": "data", "Name": "x"}}])
def test_an_image_comes_either_as_bytes_or_as_an_object(bench, running, image):
    refused = bench.error("DetectCustomLabels", ProjectVersionArn=running, Image=image)
    assert refused == "InvalidParameterException"


def test_only_a_running_version_looks(bench, version):
    image = {"Bytes": base64.b64encode(b"not even an image").decode()}
    request = {"ProjectVersionArn": version, "Image": image}
    assert bench.error("DetectCustomLabels", **request) == "ResourceNotReadyException"
    bench.call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=1)
    assert bench.error("DetectCustomLabels", **request) == "ResourceNotReadyException"
    bench.clock.pass_(300)
    assert bench.error("DetectCustomLabels", **request) == "InvalidImageFormatException"
    bench.call("StopProjectVersion", ProjectVersionArn=version)
    assert bench.error("DetectCustomLabels", **request) == "ResourceNotReadyException"
    unknown = version[:-1] + "0" if version[-1] != "0" else version[:-1] + "1"
    assert bench.error("DetectCustomLabels", **request | {"ProjectVersionArn": unknown}) == "ResourceNotFoundException"


def test_an_image_may_bear_several_labels(bench, project):
    lines = []
    for number in range(24):
        labels = [("disc",), ("cross",), ("disc", "cross")][number % 3]
        canvas = Image.new("RGB", (160, 80), "white")
        for place, label in enumerate(("disc", "cross")):
            if label in labels:
                canvas.paste(Image.open(io.BytesIO(drawing(label, number))), (80 * place, 0))
        stream = io.BytesIO()
        canvas.save(stream, "PNG")
        bench.objects.write("data", f"m/{number}.png", stream.getvalue(), "image/png")
        lines.append(label_line(f"m/{number}.png", *labels))
    training = bench.put_manifest("m.manifest", lines)
    version = bench.create_version(project, TrainingData=training, TestingData={"AutoCreate": True})
    assert bench.trained(version)["EvaluationResult"]["F1Score"] == 1.0
    bench.run(version)
    both = bench.objects.read("data", "m/2.png")
    assert {found["Name"] for found in bench.detect(version, both)} == {"disc", "cross"}
    alone = bench.objects.read("data", "m/0.png")
    assert {found["Name"] for found in bench.detect(version, alone)} == {"disc"}
