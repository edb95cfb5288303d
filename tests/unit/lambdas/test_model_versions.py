import pytest

from lambdas.model_versions import LOOK_LIMITS, STALE_LOOKS, Goal, Outcome, VersionStatus, assess

W, R, F = Outcome.WAIT, Outcome.REACHED, Outcome.FAILED
LATE = STALE_LOOKS + 1

# What each status says to who waits for TRAINED, RUNNING and STOPPED, when reads are fresh.
TABLE = {
    VersionStatus.TRAINING_IN_PROGRESS: (W, F, F),
    VersionStatus.TRAINING_COMPLETED: (R, F, R),
    VersionStatus.TRAINING_FAILED: (F, F, R),
    VersionStatus.STARTING: (R, W, W),
    VersionStatus.RUNNING: (R, R, W),
    VersionStatus.FAILED: (R, F, R),
    VersionStatus.STOPPING: (R, F, W),
    VersionStatus.STOPPED: (R, F, R),
    VersionStatus.DELETING: (F, F, R),
    VersionStatus.COPYING_IN_PROGRESS: (W, F, F),
    VersionStatus.COPYING_COMPLETED: (R, F, R),
    VersionStatus.COPYING_FAILED: (F, F, R),
    VersionStatus.DEPRECATED: (F, F, R),
    VersionStatus.EXPIRED: (F, F, R),
}
ROWS = [(status, goal, said) for status, outcomes in TABLE.items() for goal, said in zip(Goal, outcomes, strict=True)]
AT_REST = [VersionStatus.TRAINING_COMPLETED, VersionStatus.STOPPED, VersionStatus.COPYING_COMPLETED]


def look(goal, status, looks=LATE, **said):
    return assess(goal, "v", {"Status": status.value, **said}, looks)


def test_the_table_has_every_status_and_the_service_no_other(rekognition_statuses):
    assert set(TABLE) == set(VersionStatus) == rekognition_statuses


@pytest.fixture
def rekognition_statuses():
    import boto3

    shapes = boto3.client("rekognition").meta.service_model
    return set(shapes.shape_for("ProjectVersionStatus").enum)


@pytest.mark.parametrize(("status", "goal", "said"), ROWS)
def test_a_status_says_to_each_goal_what_the_table_says(status, goal, said):
    assert look(goal, status).outcome is said


@pytest.mark.parametrize("status", AT_REST)
def test_a_version_that_was_just_started_may_seem_at_rest_for_some_looks(status):
    assert look(Goal.RUNNING, status, STALE_LOOKS).outcome is W
    assert look(Goal.RUNNING, status, STALE_LOOKS + 1).outcome is F


@pytest.mark.parametrize(
    ("goal", "status"),
    [
        (Goal.TRAINED, VersionStatus.TRAINING_IN_PROGRESS),
        (Goal.RUNNING, VersionStatus.STARTING),
        (Goal.STOPPED, VersionStatus.STOPPING),
    ],
)
def test_a_wait_is_given_up_after_its_limit_of_looks(goal, status):
    assert look(goal, status, LOOK_LIMITS[goal] - 1).outcome is W
    given_up = look(goal, status, LOOK_LIMITS[goal])
    assert given_up.outcome is F
    assert f"after {LOOK_LIMITS[goal]} looks; waited for {goal}" in given_up.reason


def test_a_goal_that_is_reached_at_the_last_look_is_reached():
    assert look(Goal.RUNNING, VersionStatus.RUNNING, LOOK_LIMITS[Goal.RUNNING]).outcome is R


def test_a_reason_carries_the_services_own_words():
    said = look(Goal.TRAINED, VersionStatus.TRAINING_FAILED, StatusMessage="The manifest is empty.")
    assert said.reason == "v is TRAINING_FAILED: The manifest is empty."


def test_a_version_that_is_gone_is_stopped_but_neither_trained_nor_running():
    assert assess(Goal.STOPPED, "v", None, 1).outcome is R
    assert assess(Goal.TRAINED, "v", None, 1).outcome is F
    assert assess(Goal.RUNNING, "v", None, 1).outcome is F


def test_a_status_that_the_service_may_invent_is_an_error_and_no_endless_wait():
    with pytest.raises(ValueError, match="PAUSED"):
        assess(Goal.RUNNING, "v", {"Status": "PAUSED"}, 1)
