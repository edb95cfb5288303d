import pytest

from lambdas import names

LONGEST = [("d" * 20, "p" * 20), ("d" * 8, "p" * 32)]


def test_a_queue_leads_to_its_dead_letter_queue():
    queue = names.queue_name("demo", "detect_labels", "digits")
    assert names.dead_letter_queue_of(queue, "detect_labels") == names.dead_letter_queue_name(
        "demo", "detect_labels", "digits"
    )


@pytest.mark.parametrize(("deployment", "project"), [("detect-labels", "detect-labels"), ("a-", "b-"), ("d", "dead")])
def test_names_that_look_like_the_function_do_not_lead_astray(deployment, project):
    queue = names.queue_name(deployment, "detect_labels", project)
    dead = names.dead_letter_queue_name(deployment, "detect_labels", project)
    assert names.dead_letter_queue_of(queue, "detect_labels") == dead


@pytest.mark.parametrize(
    ("queue", "owner"),
    [
        ("custom-labels-demo-detect_labels_dead-digits", ("detect_labels", "digits")),
        ("custom-labels-demo-start_video_dead-two-dead", ("start_video", "two-dead")),
        ("custom-labels-demo-sample_video_dead-videos", ("sample_video", None)),
        ("custom-labels-demo-take_review_dead", ("take_review", None)),
        ("custom-labels-demo-detect_labels-digits", None),
        ("custom-labels-demo-detect_labels-dead", None),
        ("custom-labels-demo-two-detect_labels_dead-digits", None),
        ("custom-labels-detect_labels_dead-digits", None),
        ("detect_labels_dead-digits", None),
    ],
)
def test_a_dead_letter_queue_tells_by_its_name_whose_it_is(queue, owner):
    assert names.owner_of_dead_letters("demo", queue) == owner


@pytest.mark.parametrize(("deployment", "project"), [("detect-labels", "detect-labels"), ("a-", "b-"), ("d", "dead")])
def test_a_dead_letter_queue_leads_back_to_its_queue_and_owner(deployment, project):
    dead = names.dead_letter_queue_name(deployment, "detect_labels", project)
    assert names.owner_of_dead_letters(deployment, dead) == ("detect_labels", project)
    assert names.source_of(dead, "detect_labels") == names.queue_name(deployment, "detect_labels", project)


def test_no_deployments_rekognition_projects_begin_as_anothers():
    assert not names.rekognition_project("dev-two", "digits").startswith(names.rekognition_prefix("dev"))
    assert names.rekognition_project("dev", "two-digits").startswith(names.rekognition_prefix("dev"))


@pytest.mark.parametrize(("deployment", "project"), LONGEST)
def test_the_longest_names_that_settings_allow_fit_aws(deployment, project):
    assert len(deployment) + len(project) == names.MAX_NAMES
    assert len(names.dead_letter_queue_name(deployment, "detect_labels", project)) <= 80  # SQS
    assert len(names.resource_name(deployment, f"uploaded-{project}")) <= 64  # EventBridge rules
    assert len(names.resource_name(deployment, "claim_training")) <= 64  # Lambda


def test_a_stack_is_named_by_deployment_and_room():
    assert names.stack_name("demo", "project-digits") == "CustomLabels-demo-project-digits"
