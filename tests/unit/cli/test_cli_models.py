import pytest
from botocore.exceptions import ClientError

from cli.deployment import UnknownProjectError
from cli.models import ModelError, list_models, stop_model
from lambdas.registry import Wanted
from tests.unit.aws import Refusal
from tests.unit.cli.services import event_source_id

SOURCE = event_source_id("digits")
CLOSE = f"close {SOURCE}"


@pytest.fixture
def stop(clients, deployment):
    """Stop the models of a project; return the names of the versions that were stopped."""
    return lambda project="digits": [model.version for model in stop_model(clients, deployment, project, _quietly)]


def _quietly(said):
    pass


def busy(number):
    return [Refusal("ResourceInUseException", 400) for _ in range(number)]


def test_versions_of_all_pages_and_of_this_deployments_projects_are_listed(clients, deployment, models, activate):
    for project in ("demo.digits", "demo-two.digits", "demo.scenes"):
        models.add(project, "v2", "RUNNING")
        models.add(project, "v1", "STOPPED")
    activate("digits", "v1")
    listed = [(model.project, model.version, model.active) for model in list_models(clients, deployment)]
    assert listed == [
        ("digits", "v2", False),
        ("digits", "v1", True),
        ("scenes", "v2", False),
        ("scenes", "v1", False),
    ]
    assert {model.project for model in list_models(clients, deployment, "scenes")} == {"scenes"}


@pytest.mark.parametrize(
    ("status", "billed"),
    [("STARTING", True), ("RUNNING", True), ("STOPPING", True), ("STOPPED", False), ("TRAINING_COMPLETED", False)],
)
def test_a_version_costs_money_from_its_start_until_it_has_stopped(clients, deployment, models, status, billed):
    models.add("demo.digits", "v1", status)
    assert [model.is_billed for model in list_models(clients, deployment)] == [billed]


def test_stop_wants_stopped_first_then_closes_lets_images_end_and_stops(stop, models, queue, calls):
    models.add("demo.digits", "v1", "RUNNING")
    queue.in_flight = [2, 0, 1, 0, 0]
    assert stop() == ["v1"]
    looks = ["2 in flight", "0 in flight", "1 in flight", "0 in flight", "0 in flight"]
    assert calls == ["want STOPPED", CLOSE, *looks, "stop v1"]


def test_stop_notes_when_it_was_asked_for(stop, clients, deployment, clock):
    asked = int(clock.now * 1000)
    stop()
    registration = deployment.registry(clients).registration("digits")
    assert (registration.wanted, registration.wanted_at) == (Wanted.STOPPED, asked)


def test_stop_stops_no_other_project(stop, models, calls):
    models.add("demo.digits", "v1", "STOPPED")
    models.add("demo.scenes", "v1", "RUNNING")
    models.add("demo-two.digits", "v1", "RUNNING")
    assert stop() == []
    assert not [call for call in calls if call.startswith("stop")]


def test_an_event_source_that_is_changing_is_closed_when_it_has_changed(stop, models, event_sources, calls):
    models.add("demo.digits", "v1", "RUNNING")
    event_sources.refusals = busy(3)
    assert stop() == ["v1"]
    assert calls[:2] == ["want STOPPED", CLOSE]


def test_where_the_event_source_goes_on_changing_for_two_minutes_the_models_are_stopped_all_the_same(
    stop, models, event_sources, calls, clock
):
    models.add("demo.digits", "v1", "RUNNING")
    event_sources.refusals = busy(1000)
    began = clock.now
    with pytest.raises(ModelError, match=rf"the models of digits are stopped, but .*{SOURCE} would not close"):
        stop()
    assert calls == ["want STOPPED", "stop v1"]
    assert 120 < clock.now - began < 150


def test_where_the_event_source_may_not_be_closed_the_models_are_stopped_at_once_and_the_refusal_is_told(
    stop, models, event_sources, calls
):
    models.add("demo.digits", "v1", "RUNNING")
    event_sources.refusals = [Refusal("AccessDeniedException", 403, message="no grant")]
    with pytest.raises(ModelError, match=r"would not close: .*no grant.*run this again"):
        stop()
    assert calls == ["want STOPPED", "stop v1"]


def test_a_version_that_is_starting_is_waited_for_and_then_stopped(stop, models):
    models.add("demo.digits", "v1", "STARTING", "STARTING", "RUNNING")
    models.add("demo.digits", "v2", "RUNNING")
    assert stop() == ["v2", "v1"]
    assert models.statuses["demo.digits"] == {"v1": ["STOPPED"], "v2": ["STOPPED"]}


def test_a_version_that_the_guard_stopped_meanwhile_is_waited_for_and_is_no_error(stop, models):
    models.add("demo.digits", "v1", "RUNNING", "STOPPING", "STOPPED")
    assert stop() == []
    assert models.statuses["demo.digits"]["v1"] == ["STOPPED"]


def test_a_refused_stop_is_raised(stop, models):
    models.add("demo.digits", "v1", "RUNNING")
    models.refuse_next = Refusal("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        stop()


def test_a_version_that_does_not_stop_in_a_quarter_of_an_hour_is_told(stop, models, clock):
    models.add("demo.digits", "v1", "STARTING")
    began = clock.now
    with pytest.raises(ModelError, match=r"v1 is still STARTING after 900 s and .* run `customlabels stop digits`"):
        stop()
    assert clock.now - began > 900


def test_images_that_stay_in_flight_do_not_keep_a_model_running_for_ever(stop, models, queue):
    models.add("demo.digits", "v1", "RUNNING")
    queue.in_flight = [1]
    assert stop() == ["v1"]


def test_a_project_that_does_not_exist_is_not_stopped(stop, calls):
    with pytest.raises(UnknownProjectError, match="no project 'other'; it has digits, scenes"):
        stop("other")
    assert calls == []


def test_a_stop_may_have_an_end(clients, deployment, clock):
    stop_model(clients, deployment, "digits", _quietly, until=clock.now + 7200)
    registration = deployment.registry(clients).registration("digits")
    assert registration.asks_for(Wanted.STOPPED, clock.now)
    assert not registration.asks_for(Wanted.STOPPED, clock.now + 7200)
