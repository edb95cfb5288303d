"""Laws of functions."""

import pytest

from lambdas import environment
from lambdas.delivery import TIMEOUT_SECONDS
from lambdas.names import METRICS_NAMESPACE
from lambdas.pictures.confinement import memory_left
from lambdas.pictures.limits import MAX_PIXELS
from tests.infrastructure.assembly import ROOT, referred

SETTINGS = {
    "detect_labels": environment.DetectLabels,
    "start_detection": environment.StartDetection,
    "queue_images": environment.QueueImages,
    "get_detection": environment.GetDetection,
    "claim_training": environment.ClaimTraining,
    "check_dataset": environment.CheckDataset,
    "prepare_run": environment.PrepareRun,
    "report_training": environment.ReportTraining,
    "guard_models": environment.GuardModels,
    "govern_models": environment.GovernModels,
    "clear_models": environment.ClearModels,
    "sweep_results": environment.SweepResults,
    "check_reviews": None,
    "take_review": environment.TakeReview,
    "start_video": environment.StartVideo,
    "collect_video": environment.CollectVideo,
    "sweep_videos": environment.SweepVideos,
    "sample_video": environment.SampleVideo,
    "merge_video": environment.MergeVideo,
    "assess_version": None,
    "add_entries": None,
    "pick_versions": environment.PickVersions,
    "judge_version": environment.JudgeVersion,
    "explain_failure": environment.ExplainFailure,
}


WHERE_PEOPLE_REVIEW = {"check_reviews", "take_review"}
OF_VIDEOS = {"start_video", "collect_video", "sweep_videos"}  # where a project has any
OF_FRAMES = {"sample_video", "merge_video"}  # where a project's own model looks at them


def unused(deployment) -> set[str]:
    """Return the functions that a deployment has no use for."""
    return (set() if deployment.films else OF_VIDEOS) | (set() if deployment.framed else OF_FRAMES)


def test_there_is_one_function_for_each_folder_and_no_other(deployment):
    folders = {handler.parent.name for handler in (ROOT / "lambdas").glob("*/handler.py")}
    folders -= set() if deployment.moderates else WHERE_PEOPLE_REVIEW
    folders -= unused(deployment)
    deployed = {function.properties["Handler"] for function in deployment.all("AWS::Lambda::Function")}
    assert deployed == {f"lambdas.{folder}.handler.handle" for folder in folders}


def test_a_functions_handler_exists_and_its_name_is_its_folder(deployment):
    for function in deployment.all("AWS::Lambda::Function"):
        package, folder, module, name = function.properties["Handler"].split(".")
        source = ROOT / package / folder / f"{module}.py"
        assert f"def {name}(event" in source.read_text(encoding="utf-8"), function
        assert function.properties["FunctionName"] == f"custom-labels-{deployment.name}-{folder}"


@pytest.mark.parametrize("verb_noun", sorted(SETTINGS))
def test_a_functions_environment_is_its_settings_and_powertools(deployment, verb_noun):
    if verb_noun in WHERE_PEOPLE_REVIEW and not deployment.moderates:
        pytest.skip("no project asks for reviews")
    found = [
        function
        for function in deployment.all("AWS::Lambda::Function")
        if function.properties["FunctionName"].endswith(f"-{verb_noun}")
    ]
    if verb_noun in unused(deployment):
        assert found == []
        return
    (function,) = found
    variables = dict(function.properties["Environment"]["Variables"])
    assert variables.pop("POWERTOOLS_SERVICE_NAME") == verb_noun
    assert variables.pop("POWERTOOLS_METRICS_NAMESPACE") == METRICS_NAMESPACE
    assert variables.pop("POWERTOOLS_LOG_LEVEL") == "INFO"
    settings = SETTINGS[verb_noun]
    if settings is None:
        assert variables == {}
    else:
        spelled = {name: str(value) for name, value in variables.items()}
        assert environment.to_environment(environment.from_environment(settings, spelled)) == spelled


def test_every_function_is_traced_and_has_a_log_group_that_forgets(deployment):
    for function in deployment.all("AWS::Lambda::Function"):
        assert function.properties["TracingConfig"] == {"Mode": "Active"}, function
        group = deployment.templates[function.stack]["Resources"][
            referred(function.properties["LoggingConfig"]["LogGroup"])
        ]
        assert group["Properties"]["RetentionInDays"] == 30, function
        assert group["Properties"]["LogGroupName"] == f"/aws/lambda/{function.properties['FunctionName']}"


def test_every_workflow_is_traced_and_logs_all_into_a_group_that_forgets(deployment):
    machines = list(deployment.all("AWS::StepFunctions::StateMachine"))
    assert len(machines) == len(list((ROOT / "statemachines").iterdir()))
    for machine in machines:
        assert machine.properties["TracingConfiguration"] == {"Enabled": True}, machine
        assert machine.properties["LoggingConfiguration"]["Level"] == "ALL", machine
        (destination,) = machine.properties["LoggingConfiguration"]["Destinations"]
        group = referred(destination["CloudWatchLogsLogGroup"]["LogGroupArn"])
        said = deployment.templates[machine.stack]["Resources"][group]["Properties"]
        assert said["RetentionInDays"] == 30, machine
        assert said["LogGroupName"].startswith("/aws/vendedlogs/states/"), machine


def test_all_functions_are_one_asset_with_the_same_layer_and_architecture(deployment):
    functions = list(deployment.all("AWS::Lambda::Function"))
    assert len({function.properties["Code"]["S3Key"] for function in functions}) == 1
    assert {tuple(function.properties["Architectures"]) for function in functions} == {("arm64",)}
    assert {function.properties["Runtime"] for function in functions} == {"python3.13"}
    layers = [layer for layer in deployment.all("AWS::Lambda::LayerVersion") if layer.id.startswith("ThirdParty")]
    assert len({layer.properties["Content"]["S3Key"] for layer in layers}) == 1
    assert {layer.stack for layer in layers} == {function.stack for function in functions}


def test_no_function_reserves_concurrency_which_a_fresh_account_does_not_have(deployment):
    for function in deployment.all("AWS::Lambda::Function"):
        assert "ReservedConcurrentExecutions" not in function.properties, function


def test_a_failed_run_of_what_runs_regularly_is_retried_once_and_then_kept(deployment):
    configs = list(deployment.all("AWS::Lambda::EventInvokeConfig"))
    videos = ["videos"] if deployment.films else []
    assert sorted(invoked.stack.rpartition("-")[2] for invoked in configs) == ["governor", "guard", "sweep", *videos]
    for invoked in configs:
        assert invoked.properties["MaximumRetryAttempts"] == 1, invoked
        assert referred(invoked.properties["DestinationConfig"]["OnFailure"]["Destination"]).startswith("Dead")


def test_the_detecting_function_has_room_for_its_decoding_process(deployment):
    function = deployment.one("AWS::Lambda::Function", "detectlabels").properties
    assert memory_left({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"])}) >= MAX_PIXELS * 4 * 1.2
    assert function["Timeout"] == TIMEOUT_SECONDS
