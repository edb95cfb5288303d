"""Laws of videos whose frames a project's own model looks at."""

import json

import pytest

from lambdas.delivery import FRAMES_SECONDS
from lambdas.pictures.confinement import memory_left
from stacks.parts.wheels import LOCK, VIDEO_LOCK, fetch, install, layer_hash
from tests.infrastructure.assembly import Deployment, referred, synthesized
from tests.infrastructure.test_permissions import actions_of, role_of
from tests.infrastructure.test_videos import resources_of

SAID = {
    "account_concurrency": 30,
    "projects": {"digits": {"videos": {"custom_labels": True}}, "scenes": {"videos": {}}, "plain": {}},
}


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return synthesized(tmp_path_factory.mktemp("framed"), "framed", deployments={"framed": SAID})


def test_the_decoder_is_in_a_layer_that_one_function_has(framed):
    (layer,) = [one for one in framed.all("AWS::Lambda::LayerVersion") if one.id.startswith("Video")]
    assert "video.txt" in layer.properties["Description"]
    users = [
        one.properties["FunctionName"]
        for one in framed.all("AWS::Lambda::Function")
        if any(referred(used) == layer.id for used in one.properties["Layers"])
    ]
    assert users == ["custom-labels-framed-sample_video"]


def test_the_layers_of_the_decoding_function_fit_into_lambda(tmp_path):
    for lock in (LOCK, VIDEO_LOCK):
        install(tmp_path / lock.stem, "arm64", fetch("arm64", lock), lock)
    size = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert size < 240 * 1024 * 1024  # of 250 MB, with the code


def test_the_decoders_ffmpeg_is_not_under_the_gpl(tmp_path):
    install(tmp_path / "python", "arm64", fetch("arm64", VIDEO_LOCK), VIDEO_LOCK)
    (codecs,) = (tmp_path / "python").rglob("libavcodec*")
    content = codecs.read_bytes()
    assert b"libavcodec license: LGPL version 2.1 or later" in content
    assert b"--enable-gpl" not in content
    assert b"--enable-nonfree" not in content


def test_the_two_layers_are_not_the_same():
    assert layer_hash("arm64", LOCK) != layer_hash("arm64", VIDEO_LOCK)


def test_only_projects_that_want_custom_labels_have_their_videos_sampled(framed):
    (rule,) = [one for one in framed.all("AWS::Events::Rule") if one.stack.endswith("-video-frames")]
    assert rule.properties["EventPattern"]["detail"]["object"]["key"] == [{"prefix": "videos/digits/"}]


def test_the_decoding_function_has_room_for_the_video_and_its_decoder(framed):
    function = framed.one("AWS::Lambda::Function", "samplevideo").properties
    assert function["EphemeralStorage"]["Size"] >= 2 * 512
    assert memory_left({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"])}) >= 1792 * 1024 * 1024


def test_the_end_of_a_videos_frames_goes_to_merge_video_as_it_is(framed):
    (subscription,) = [
        one.properties for one in framed.all("AWS::SNS::Subscription") if one.stack.endswith("-video-frames")
    ]
    assert (subscription["Protocol"], subscription["RawMessageDelivery"]) == ("sqs", True)
    assert referred(subscription["Endpoint"]).startswith("mergevideo")
    assert "deadLetterTargetArn" in subscription["RedrivePolicy"]


@pytest.mark.parametrize("verb_noun", ["detect_labels", "sweep_results", "sample_video"])
def test_whoever_ends_the_last_frame_may_tell_merge_video(framed, verb_noun):
    published = resources_of(framed, role_of(framed, verb_noun), "sns:Publish")
    assert any("custom-labels-framed-frames_done" in json.dumps(arn) for arn in published)


def test_neither_function_of_frames_calls_rekognition(framed):
    for verb_noun in ("sample_video", "merge_video"):
        granted = actions_of(framed, role_of(framed, verb_noun))
        assert not any(action.startswith("rekognition:") for action in granted)


def test_detection_reads_frames_and_no_other_result(framed):
    read = resources_of(framed, role_of(framed, "detect_labels"), "s3:GetObject")
    (frames,) = [json.dumps(arn) for arn in read if "ResultsObjects" in json.dumps(arn)]
    assert "/frames/*" in frames


def test_what_belongs_to_frames_is_kept_until_their_video_has_waited_and_then_as_long_as_results(tmp_path):
    projects = {"digits": {"videos": {"custom_labels": True}, "retention_days": 3}, "plain": {"retention_days": 3}}
    said = SAID | {"projects": projects}
    kept = synthesized(tmp_path, "framed", deployments={"framed": said})
    rules = kept.one("AWS::S3::Bucket", "ResultsObjects").properties["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    waited = 3 + FRAMES_SECONDS // 86_400
    assert (days["frames/digits/"], days["labels/digits/"], days["timelines/digits/"]) == (waited, waited, 3)
    assert days["labels/plain/"] == 3


def test_a_deployment_without_custom_labels_of_videos_has_no_decoder(tmp_path):
    said = SAID | {"projects": {"scenes": {"videos": {}}}}
    plain = synthesized(tmp_path, "framed", deployments={"framed": said})
    assert not any(one.id.startswith("Video") for one in plain.all("AWS::Lambda::LayerVersion"))
