import pytest

from lambdas import environment
from lambdas.environment import EnvironmentIncompleteError, from_environment, to_environment

ALL = [
    environment.DetectLabels(registry_table="r", results_table="t", results_bucket="b", results_topic_arn="arn"),
    environment.ClaimTraining(registry_table="r", datasets_bucket="d", training_output_bucket="o"),
    environment.CheckDataset(datasets_bucket="d"),
    environment.PrepareRun(registry_table="r"),
    environment.GuardModels(registry_table="r", operations_topic_arn="arn", memory_parameter="m"),
]


@pytest.mark.parametrize("settings", ALL, ids=lambda settings: type(settings).__name__)
def test_a_function_reads_what_the_stack_wrote(settings):
    assert from_environment(type(settings), to_environment(settings) | {"PATH": "/bin"}) == settings


def test_variables_are_spelled_in_capitals():
    assert to_environment(ALL[0]) == {
        "REGISTRY_TABLE": "r",
        "RESULTS_TABLE": "t",
        "RESULTS_BUCKET": "b",
        "RESULTS_TOPIC_ARN": "arn",
    }


def test_all_missing_variables_are_named_and_an_empty_one_is_missing():
    with pytest.raises(
        EnvironmentIncompleteError, match=r"DetectLabels needs .* RESULTS_TABLE, RESULTS_BUCKET, RESULTS_TOPIC_ARN$"
    ):
        from_environment(environment.DetectLabels, {"REGISTRY_TABLE": "r", "RESULTS_TABLE": ""})
