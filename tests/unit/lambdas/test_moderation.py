"""What moderation may be asked for, and what follows from its labels."""

import pytest

from lambdas.deployment_settings import load_settings, parse_deployment
from lambdas.moderation import Moderation, Verdict, gravest, judge
from lambdas.moderation_settings import Action, DataAttribute, HumanReview, ModerationSettings, parse_moderation
from lambdas.names import human_loop_name, job_of_human_loop
from lambdas.setting_checks import SettingsError

FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/unsafe"
REVIEW = {"flow_definition_arn": FLOW, "output_bucket": "answers"}
JOB = "0123456789abcdef" * 2


def labels(*path: str, confidence: float = 90.0):
    """Return the labels that the service answers for one category: those above it too."""
    return [
        {"Name": name, "ParentName": parent, "Confidence": confidence, "TaxonomyLevel": level}
        for level, (name, parent) in enumerate(zip(path, ("", *path), strict=False), 1)
    ]


def settings(otherwise: str = "flag", **policy: str):
    said = {"policy": {name.replace("_", " "): action for name, action in policy.items()}, "otherwise": otherwise}
    parsed = parse_moderation("moderation", said)
    assert parsed
    return parsed


DRINKING = labels("Alcohol", "Alcohol Use", "Drinking")


def test_an_image_without_labels_passes_whatever_the_policy_says():
    assert judge([], settings(otherwise="block")) is Verdict.PASSED


def test_what_the_policy_does_not_name_is_flagged_unless_the_settings_say_otherwise():
    assert judge(DRINKING, settings()) is Verdict.FLAGGED
    assert judge(DRINKING, settings(otherwise="pass")) is Verdict.PASSED


def test_a_category_decides_for_all_below_it():
    assert judge(DRINKING, settings(Alcohol="block")) is Verdict.BLOCKED


def test_the_nearest_category_that_is_named_decides():
    assert judge(DRINKING, settings(Alcohol="block", Alcohol_Use="flag", Drinking="pass")) is Verdict.PASSED
    assert judge(DRINKING, settings(Alcohol="block", Alcohol_Use="flag")) is Verdict.FLAGGED


def test_a_category_that_the_answer_does_not_list_itself_decides_too():
    assert judge(DRINKING[2:], settings(Alcohol_Use="block")) is Verdict.BLOCKED


def test_of_a_videos_frames_the_gravest_verdict_and_the_surest_of_each_label_count():
    said = gravest(
        [
            Moderation(verdict=Verdict.FLAGGED, labels=labels("Gambling", confidence=60), model_version="7.0"),
            Moderation(verdict=Verdict.BLOCKED, labels=labels("Gambling", confidence=80) + labels("Alcohol")),
            Moderation(verdict=Verdict.PASSED),
        ]
    )
    assert said
    assert (said.verdict, said.model_version) == (Verdict.BLOCKED, "7.0")
    assert [(label["Name"], label["Confidence"]) for label in said.labels] == [("Alcohol", 90), ("Gambling", 80)]
    assert gravest([]) is None


def test_the_gravest_of_several_labels_decides():
    several = [*DRINKING, *labels("Gambling"), *labels("Alcohol", "Alcoholic Beverages")[1:]]
    assert judge(several, settings(Alcohol="pass", Gambling="flag")) is Verdict.FLAGGED
    assert judge(several, settings(Drinking="pass", Gambling="flag", Alcohol="block")) is Verdict.BLOCKED


def test_without_a_word_there_is_no_moderation_and_with_an_empty_object_its_defaults():
    assert parse_moderation("moderation", None) is None
    assert parse_moderation("moderation", {}) == ModerationSettings(
        min_confidence=50, policy={}, otherwise=Action.FLAG, human_review=None
    )


def test_the_functions_read_the_settings_that_the_stacks_wrote(tmp_path):
    moderation = {
        "min_confidence": 60.5,
        "policy": {"Violence": "block", "Graphic Violence": "flag"},
        "otherwise": "pass",
        "human_review": {**REVIEW, "data_attributes": ["FreeOfAdultContent"]},
    }
    written = parse_deployment("demo", {"projects": {"digits": {"moderation": moderation}, "plain": {}}})
    (tmp_path / "settings.json").write_text(written.to_json(), encoding="utf-8")
    read = load_settings(tmp_path / "settings.json")
    assert read == written
    review = HumanReview(
        flow_definition_arn=FLOW, output_bucket="answers", data_attributes=(DataAttribute.FREE_OF_ADULT_CONTENT,)
    )
    assert read.human_reviews == (review,)
    assert (review.region, review.account, review.flow_definition) == ("eu-west-1", "123456789012", "unsafe")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("violence", "; did you mean 'Violence'?"),
        ("Alcohool", "; did you mean 'Alcohol'?"),
        ("Hate symbol", "; did you mean 'Hate Symbols'?"),
        ("Suggestive", "."),  # of taxonomy 6.1
    ],
)
def test_a_category_that_is_not_in_the_taxonomy_is_doubted_and_the_nearest_one_named(name, meant):
    policy = {name: "block", "Gambling": "block", "Drugs & Tobacco Paraphernalia & Use": "flag"}
    (doubt,) = parse_deployment("demo", {"projects": {"digits": {"moderation": {"policy": policy}}, "b": {}}}).doubts
    assert doubt.startswith(
        f"deployments.demo.projects.digits.moderation.policy: {name!r} is not in taxonomy 7 of Rekognition's "
        f"moderation{meant} A name"
    )


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ([], "moderation must be"),
        ({"min_confidence": 101}, "moderation.min_confidence"),
        ({"policy": {"Violence": "hide"}}, "moderation.policy"),
        ({"policy": {"": "flag"}}, "moderation.policy"),
        ({"policy": ["Violence"]}, "moderation.policy"),
        ({"otherwise": "BLOCK"}, "moderation.otherwise"),
        ({"polcy": {}}, "moderation.polcy is not a setting"),
        ({"human_review": True}, "moderation.human_review must be"),
        ({"human_review": {"output_bucket": "answers"}}, "human_review.flow_definition_arn is missing"),
        ({"human_review": {"flow_definition_arn": FLOW}}, "human_review.output_bucket is missing"),
        ({"human_review": REVIEW | {"flow_definition_arn": FLOW + "-"}}, "human_review.flow_definition_arn"),
        ({"human_review": REVIEW | {"flow_definition_arn": "unsafe"}}, "human_review.flow_definition_arn"),
        ({"human_review": REVIEW | {"output_bucket": "s3://answers"}}, "human_review.output_bucket"),
        ({"human_review": REVIEW | {"data_attributes": ["FreeOfCharge"]}}, "human_review.data_attributes"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(said, named):
    with pytest.raises(SettingsError, match=rf"^deployments.demo.projects.digits.(moderation.)?{named}"):
        parse_deployment("demo", {"projects": {"digits": {"moderation": said}}})


@pytest.mark.parametrize("deployment", ["demo", "a-", "x" * 20, "demo-two"])
def test_a_review_is_found_by_its_name_in_its_own_deployment_alone(deployment):
    name = human_loop_name(deployment, JOB)
    assert len(name) <= 63
    assert job_of_human_loop(deployment, name) == JOB
    assert job_of_human_loop("demo-2", name) is None


@pytest.mark.parametrize("name", ["demo", "demo-", f"demo-{JOB}0", f"demo-{'g' * 32}", f"demo-two-{JOB}", JOB])
def test_a_review_that_is_none_of_ours_is_of_no_job(name):
    assert job_of_human_loop("demo", name) is None
