"""DetectLabels and DetectModerationLabels on pictures whose labels are known by how they are painted."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image, ImageColor, ImageFilter
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Bench

from local.rekognition.service import Rekognition

RED, GREY, MAGENTA, CYAN = (220, 20, 20), (128, 128, 128), (255, 0, 255), (0, 255, 255)
FLOW = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:flow-definition/look-again"
LOOP = {"HumanLoopName": "image-1", "FlowDefinitionArn": FLOW}


def painted(*colors, size=(200, 100), kind="PNG") -> Image.Image:
    """Return bands of the same width, one a colour."""
    image = Image.new("RGB", size)
    for number, color in enumerate(colors):
        image.paste(color, (number * size[0] // len(colors), 0, size[0], size[1]))
    return image


def sent(image: Image.Image, kind: str = "PNG") -> dict[str, str]:
    file = io.BytesIO()
    image.save(file, kind)
    return {"Bytes": base64.b64encode(file.getvalue()).decode()}


def labels(bench: Bench, image: Image.Image, **request) -> dict[str, float]:
    answer = bench.call("DetectLabels", Image=sent(image), **request)
    return {label["Name"]: label["Confidence"] for label in answer["Labels"]}


def moderated(bench: Bench, image: Image.Image, **request) -> list[tuple[str, str, int]]:
    answer = bench.call("DetectModerationLabels", Image=sent(image), **request)
    return [(label["Name"], label["ParentName"], label["TaxonomyLevel"]) for label in answer["ModerationLabels"]]


def test_a_color_s_confidence_is_its_share_of_the_pixels(bench):
    found = labels(bench, painted(RED, RED, RED, GREY), MinConfidence=0.0)
    assert (found["Red"], found["Grey"], found["Color"]) == (75.0, 25.0, 75.0)
    assert "Green" not in found


@pytest.mark.parametrize(
    ("css", "name"),
    [
        ("black", "Black"),
        ("navy", "Blue"),
        ("saddlebrown", "Brown"),
        ("darkturquoise", "Cyan"),
        ("forestgreen", "Green"),
        ("silver", "Grey"),
        ("darkorange", "Orange"),
        ("hotpink", "Pink"),
        ("darkviolet", "Purple"),
        ("crimson", "Red"),
        ("maroon", "Red"),
        ("snow", "White"),
        ("gold", "Yellow"),
    ],
)
def test_colors_have_their_simple_names(bench, css, name):
    color = ImageColor.getrgb(css)
    names = {"LabelExclusionFilters": ["Color", "Dark", "Bright", "Lighting", "Blurry", "Focus"]}
    assert labels(bench, painted(color), Settings={"GeneralLabels": names}) == {name: 100.0}


def test_labels_under_55_are_left_out_unless_asked_for(bench):
    assert "Grey" not in labels(bench, painted(RED, GREY))
    assert "Grey" in labels(bench, painted(RED, GREY), MinConfidence=50.0)


@pytest.mark.parametrize(("level", "name"), [(20, "Dark"), (235, "Bright")])
def test_dark_and_bright_follow_the_luma(bench, level, name):
    found = labels(bench, painted((level, level, level)))
    assert found[name] == found["Lighting"] == 100.0
    assert len({"Dark", "Bright"} & found.keys()) == 1


def test_blurring_a_picture_makes_it_blurry(bench):
    sharp = Image.effect_noise((200, 200), 80).convert("RGB")
    blurred = sharp.filter(ImageFilter.GaussianBlur(8))
    assert "Blurry" not in labels(bench, sharp)
    assert "Blurry" in labels(bench, blurred)


def test_a_label_is_described_in_full(bench):
    answer = bench.call("DetectLabels", Image=sent(painted(GREY)))
    grey = next(label for label in answer["Labels"] if label["Name"] == "Grey")
    assert grey == {
        "Name": "Grey",
        "Confidence": 100.0,
        "Instances": [],
        "Parents": [{"Name": "Color"}],
        "Aliases": [{"Name": "Gray"}],
        "Categories": [{"Name": "Colors and Visual Composition"}],
    }


def test_the_surest_labels_come_first_and_max_labels_cuts(bench):
    confidences = list(labels(bench, painted(RED, RED, GREY), MinConfidence=0.0).values())
    assert confidences == sorted(confidences, reverse=True)
    assert len(labels(bench, painted(RED), MaxLabels=2)) == 2
    assert labels(bench, painted(RED), MaxLabels=0) == {}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"LabelInclusionFilters": ["Red", "Blurry"]}, {"Red", "Blurry"}),
        ({"LabelExclusionFilters": ["Red", "Color"]}, {"Dark", "Lighting", "Blurry", "Focus"}),
        ({"LabelInclusionFilters": ["Red", "Dark"], "LabelExclusionFilters": ["Dark"]}, {"Red"}),
        ({"LabelCategoryInclusionFilters": ["Vehicles"]}, set()),
        (
            {
                "LabelCategoryInclusionFilters": ["Colors and Visual Composition"],
                "LabelExclusionFilters": ["Dark", "Lighting", "Blurry", "Focus"],
            },
            {"Red", "Color"},
        ),
        ({"LabelCategoryExclusionFilters": ["Colors and Visual Composition"]}, set()),
    ],
)
def test_filters_include_and_exclude_labels_and_categories(bench, filters, names):
    assert labels(bench, painted(RED), Settings={"GeneralLabels": filters}).keys() == names


def test_image_properties_are_measured(bench):
    image = painted((0, 0, 0), (255, 255, 255))
    answer = bench.call("DetectLabels", Image=sent(image), Features=["IMAGE_PROPERTIES"])
    found = answer["ImageProperties"]
    assert answer["Labels"] == []
    assert found["Quality"]["Brightness"] == pytest.approx(50)
    assert found["Quality"]["Contrast"] == pytest.approx(100)
    assert 0 < found["Quality"]["Sharpness"] < 100
    assert {color["CSSColor"]: color["PixelPercent"] for color in found["DominantColors"]} == {"black": 50, "white": 50}


def test_a_dominant_color_is_described_in_full(bench):
    answer = bench.call("DetectLabels", Image=sent(painted((255, 0, 0))), Features=["IMAGE_PROPERTIES"])
    assert answer["ImageProperties"]["DominantColors"] == [
        {
            "Red": 255,
            "Green": 0,
            "Blue": 0,
            "HexCode": "#ff0000",
            "CSSColor": "red",
            "SimplifiedColor": "red",
            "PixelPercent": 100.0,
        }
    ]


def test_the_middle_is_the_foreground_and_the_rest_the_background(bench):
    image = painted((0, 0, 255), size=(200, 200))
    image.paste((255, 255, 255), (50, 50, 150, 150))
    found = bench.call("DetectLabels", Image=sent(image), Features=["IMAGE_PROPERTIES"])["ImageProperties"]
    assert found["Foreground"]["Quality"] == {"Brightness": pytest.approx(100), "Sharpness": 0.0}
    assert [color["CSSColor"] for color in found["Foreground"]["DominantColors"]] == ["white"]
    assert [color["CSSColor"] for color in found["Background"]["DominantColors"]] == ["blue"]


def test_max_dominant_colors_cuts(bench):
    image = Image.effect_noise((200, 200), 80).convert("RGB")
    request = {"Image": sent(image), "Features": ["IMAGE_PROPERTIES"]}
    by_default = bench.call("DetectLabels", **request)["ImageProperties"]["DominantColors"]
    settings = {"ImageProperties": {"MaxDominantColors": 3}}
    few = bench.call("DetectLabels", **request, Settings=settings)["ImageProperties"]["DominantColors"]
    assert (len(by_default), few) == (10, by_default[:3])


def test_limits_for_labels_need_the_feature_of_labels(bench):
    request = {"Image": sent(painted(RED)), "Features": ["IMAGE_PROPERTIES"], "MaxLabels": 3}
    assert bench.error("DetectLabels", **request) == "InvalidParameterException"


@pytest.mark.parametrize("operation", ["DetectLabels", "DetectModerationLabels"])
@pytest.mark.parametrize(
    ("size", "error"),
    [((80, 80), None), ((79, 200), "InvalidParameterException"), ((10_000, 80), None), ((10_001, 80), "too large")],
)
def test_sides_are_from_80_to_10000_pixels(bench, operation, size, error):
    request = {"Image": sent(painted(RED, size=size))}
    if error:
        assert bench.error(operation, **request) == error.replace("too large", "ImageTooLargeException")
    else:
        bench.call(operation, **request)


@pytest.mark.parametrize("operation", ["DetectLabels", "DetectModerationLabels"])
def test_an_image_has_5_mb_in_the_request_and_15_mb_in_s3(bench, operation):
    file = io.BytesIO()
    painted(RED).save(file, "PNG")
    padded = file.getvalue().ljust(5 * 1024 * 1024, b"\0")
    bench.call(operation, Image={"Bytes": base64.b64encode(padded).decode()})
    assert bench.error(operation, Image={"Bytes": base64.b64encode(padded + b"\0").decode()}) == "ValidationException"
    named = {"S3Object": {"Bucket": "pictures", "Name": "a.png"}}
    bench.objects.write("pictures", "a.png", padded.ljust(15 * 1024 * 1024, b"\0"), "image/png")
    bench.call(operation, Image=named)
    bench.objects.write("pictures", "a.png", padded.ljust(15 * 1024 * 1024 + 1, b"\0"), "image/png")
    assert bench.error(operation, Image=named) == "ImageTooLargeException"


def test_an_ordinary_picture_is_clean(bench):
    assert moderated(bench, painted(RED, GREY), MinConfidence=0.0) == []


def test_a_signal_color_is_a_moderation_label_and_its_ancestors(bench):
    assert moderated(bench, painted(MAGENTA)) == [("Gambling", "", 1)]
    assert moderated(bench, painted(CYAN)) == [
        ("Alcohol", "", 1),
        ("Alcohol Use", "Alcohol", 2),
        ("Drinking", "Alcohol Use", 3),
    ]


def test_a_signal_color_survives_jpeg(bench):
    answer = bench.call("DetectModerationLabels", Image=sent(painted(MAGENTA, GREY), "JPEG"), MinConfidence=40.0)
    assert answer["ModerationLabels"][0]["Confidence"] == pytest.approx(50, abs=3)
    assert answer["ContentTypes"] == []


def test_moderation_labels_under_50_are_left_out_unless_asked_for(bench):
    third = painted(MAGENTA, GREY, GREY, size=(300, 100))
    assert moderated(bench, third) == []
    assert moderated(bench, third, MinConfidence=33.0) == [("Gambling", "", 1)]


def test_an_adapter_is_unknown_and_a_model_is_none(bench, version):
    request = {"Image": sent(painted(RED))}
    unknown = version.replace("shapes", "others")
    assert bench.error("DetectModerationLabels", **request, ProjectVersion=unknown) == "ResourceNotFoundException"
    assert bench.error("DetectModerationLabels", **request, ProjectVersion=version) == "InvalidParameterException"


def activation(bench: Bench, image: Image.Image, **loop) -> dict:
    answer = bench.call("DetectModerationLabels", Image=sent(image), HumanLoopConfig={**LOOP, **loop})
    return answer["HumanLoopActivationOutput"]


def test_a_moderation_label_begins_a_human_loop(bench):
    output = activation(bench, painted(MAGENTA))
    assert output["HumanLoopArn"] == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:human-loop/image-1"
    assert output["HumanLoopActivationReasons"] == ["ConditionsEvaluation"]
    conditions = json.loads(output["HumanLoopActivationConditionsEvaluationResults"])["Conditions"]
    assert [condition["EvaluationResult"] for condition in conditions] == [True]


def test_a_clean_picture_begins_no_human_loop_and_leaves_its_name_free(bench):
    output = activation(bench, painted(RED))
    assert list(output) == ["HumanLoopActivationConditionsEvaluationResults"]
    assert "HumanLoopArn" in activation(bench, painted(MAGENTA))


def test_no_human_loop_is_spoken_of_when_none_was_asked_for(bench):
    assert "HumanLoopActivationOutput" not in bench.call("DetectModerationLabels", Image=sent(painted(MAGENTA)))


def test_a_human_loop_s_name_is_used_once(bench):
    activation(bench, painted(MAGENTA))
    request = {"Image": sent(painted(MAGENTA)), "HumanLoopConfig": LOOP}
    assert bench.error("DetectModerationLabels", **request) == "InvalidParameterException"
    assert bench.send("DetectModerationLabels", account="999999999999", **request)[0] == 200


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"FlowDefinitionArn": FLOW}, "ValidationException"),
        ({**LOOP, "HumanLoopName": "Image-1"}, "ValidationException"),
        ({**LOOP, "DataAttributes": {"ContentClassifiers": ["FreeOfCats"]}}, "ValidationException"),
        ({**LOOP, "FlowDefinitionArn": "arn:aws:sagemaker:flow"}, "InvalidParameterException"),
    ],
)
def test_a_human_loop_config_is_validated(bench, config, error):
    request = {"Image": sent(painted(RED)), "HumanLoopConfig": config}
    assert bench.error("DetectModerationLabels", **request) == error


def test_human_loops_have_a_quota(bench):
    bench.service = Rekognition(objects=bench.objects, now=bench.clock, durations=DURATIONS, most_human_loops=1)
    activation(bench, painted(MAGENTA))
    config = {**LOOP, "HumanLoopName": "image-2"}
    status, body = bench.send("DetectModerationLabels", Image=sent(painted(MAGENTA)), HumanLoopConfig=config)
    assert (status, body["__type"]) == (400, "HumanLoopQuotaExceededException")
    assert body["ServiceCode"] == "sagemaker"
    assert {"ResourceType", "QuotaCode"} <= body.keys()


def test_reset_forgets_the_human_loops(bench):
    activation(bench, painted(MAGENTA))
    bench.service.reset()
    assert activation(bench, painted(MAGENTA))["HumanLoopArn"].endswith("human-loop/image-1")
