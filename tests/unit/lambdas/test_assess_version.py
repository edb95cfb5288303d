import pytest

from lambdas.assess_version.handler import handle


@pytest.fixture
def assess(lambda_context):
    def run(*versions, goal="RUNNING", looks=0):
        event = {"Goal": goal, "VersionName": "lot.1", "Versions": list(versions), "Looks": looks}
        return handle(event, lambda_context)

    return run


def test_a_look_is_counted_and_says_arn_and_f1_where_the_version_has_them(assess):
    version = {"Status": "TRAINING_COMPLETED", "ProjectVersionArn": "arn:v1", "EvaluationResult": {"F1Score": 0.91}}
    assert assess(version, goal="TRAINED", looks=4) == {
        "Outcome": "REACHED",
        "Reason": "lot.1 is TRAINING_COMPLETED",
        "Looks": 5,
        "ProjectVersionArn": "arn:v1",
        "F1Score": 0.91,
    }


def test_an_f1_score_of_zero_is_a_score(assess):
    version = {"Status": "TRAINING_COMPLETED", "EvaluationResult": {"F1Score": 0.0}}
    assert assess(version, goal="TRAINED")["F1Score"] == 0.0


def test_a_version_in_training_has_no_score_yet(assess):
    answer = assess({"Status": "TRAINING_IN_PROGRESS", "ProjectVersionArn": "arn:v1"}, goal="TRAINED")
    assert answer["Outcome"] == "WAIT"
    assert "F1Score" not in answer


def test_a_version_that_is_not_there_has_an_outcome_and_nothing_more(assess):
    assert assess() == {
        "Outcome": "FAILED",
        "Reason": "Rekognition knows no version lot.1; was it deleted?",
        "Looks": 1,
    }


def test_the_look_that_reaches_the_limit_ends_the_wait(assess):
    assert assess({"Status": "STARTING"}, looks=78)["Outcome"] == "WAIT"
    assert assess({"Status": "STARTING"}, looks=79)["Outcome"] == "FAILED"
