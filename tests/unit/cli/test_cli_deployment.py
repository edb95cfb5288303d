import pytest

from cli.deployment import DeploymentNotFoundError, Project, UnknownProjectError, find_deployment
from tests.unit.cli.services import RUN_MODEL, STORAGE, TRAIN_MODEL, event_source_id


def test_the_only_deployment_is_found_by_the_outputs_of_its_stacks(clients):
    found = find_deployment(clients)
    assert (found.name, found.datasets_bucket, found.registry_table) == (
        "demo",
        "demo-DatasetsBucket",
        "demo-RegistryTable",
    )
    assert (found.train_model_arn, found.run_model_arn) == (TRAIN_MODEL, RUN_MODEL)
    assert set(found.projects) == {"digits", "scenes"}
    assert found.project("digits") == Project(
        "digits", "https://sqs.test/digits", "https://sqs.test/digits-dead", event_source_id("digits")
    )


def test_where_there_are_two_deployments_one_must_be_chosen(clients, stacks):
    stacks.deploy("demo-two", "other")
    with pytest.raises(DeploymentNotFoundError, match="found demo, demo-two; choose with --deployment"):
        find_deployment(clients)
    assert set(find_deployment(clients, "demo").projects) == {"digits", "scenes"}
    assert set(find_deployment(clients, "demo-two").projects) == {"other"}


def test_where_there_is_no_deployment_the_remedy_is_told(clients, stacks):
    stacks.outputs = {"SomebodyElses-storage": {"ResultsTable": "t"}}
    with pytest.raises(DeploymentNotFoundError, match="found none; run `make deploy`"):
        find_deployment(clients)


def test_a_deployment_that_does_not_exist_is_told_with_those_that_do(clients):
    with pytest.raises(DeploymentNotFoundError, match=r"no deployment 'other' .* found: \['demo'\]"):
        find_deployment(clients, "other")


def test_a_deployment_that_is_being_deleted_is_not_found(clients, stacks):
    stacks.deploy("old", "digits")
    stacks.statuses["CustomLabels-old-storage"] = "DELETE_IN_PROGRESS"
    assert find_deployment(clients).name == "demo"


def test_a_project_whose_name_ends_in_storage_is_no_deployment(clients, stacks):
    stacks.deploy("demo", "cold-storage")
    found = find_deployment(clients)
    assert found.name == "demo"
    assert "cold-storage" in found.projects


def test_a_project_whose_stack_failed_to_deploy_is_left_out_and_the_others_go_on(clients, stacks):
    stacks.outputs["CustomLabels-demo-project-digits"] = {}
    found = find_deployment(clients)
    assert set(found.projects) == {"scenes"}
    with pytest.raises(UnknownProjectError, match="demo has no project 'digits'; it has scenes"):
        found.project("digits")


@pytest.mark.parametrize(
    ("stack", "output"),
    [
        # Without a results table nothing tells that this is a deployment's storage.
        *(("storage", output) for output in STORAGE if output != "ResultsTable"),
    ],
)
def test_a_stack_without_one_of_its_outputs_is_named_with_the_remedy(clients, stacks, stack, output):
    del stacks.outputs[f"CustomLabels-demo-{stack}"][output]
    with pytest.raises(DeploymentNotFoundError, match=f"CustomLabels-demo-{stack} is missing or .*run `make deploy`"):
        find_deployment(clients)


@pytest.mark.parametrize("workflow", ["train_model_arn", "run_model_arn"])
def test_a_deployment_without_its_workflows_is_found_and_names_them_when_they_are_asked_for(clients, stacks, workflow):
    del stacks.outputs["CustomLabels-demo-training"]
    found = find_deployment(clients)
    with pytest.raises(DeploymentNotFoundError, match=r"CustomLabels-demo-training is missing or .*run `make deploy`"):
        getattr(found, workflow)
