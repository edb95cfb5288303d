"""Failures on purpose."""

from __future__ import annotations

import statistics

import pytest
from rekognition_bench import DURATIONS, Bench, shapes_data

from local.rekognition.fault_plan_json import plan_as_json, plan_from
from local.rekognition.fault_plans import (
    MOST_SECONDS,
    Distribution,
    Fault,
    FaultPlan,
    InvalidFaultPlanError,
    Latency,
    Rule,
)
from local.rekognition.faults import Faults
from local.rekognition.operations import OPERATIONS
from local.rekognition.protocol import CUT


def plan(*rules: Rule, seed: int = 0) -> FaultPlan:
    return FaultPlan(rules, seed)


@pytest.mark.parametrize(
    ("fault", "status", "name"),
    [
        (Fault.THROTTLING, 500, "ThrottlingException"),
        (Fault.PROVISIONED_THROUGHPUT, 400, "ProvisionedThroughputExceededException"),
        (Fault.INTERNAL_ERROR, 500, "InternalServerError"),
        (Fault.ACCESS_DENIED, 400, "AccessDeniedException"),
    ],
)
def test_a_refusal_comes_with_its_name_and_status(bench, fault, status, name):
    bench.service.faults.follow(plan(Rule(fault)))
    found, body = bench.send("DescribeProjects")
    assert (found, body["__type"]) == (status, name)


def test_a_refused_request_changes_nothing(bench):
    bench.service.faults.follow(plan(Rule(Fault.THROTTLING, on=frozenset({1}))))
    assert bench.send("CreateProject", ProjectName="p")[0] == 500
    assert bench.call("DescribeProjects")["ProjectDescriptions"] == []


def test_access_denied_strikes_custom_labels_and_nothing_else():
    faults = Faults(plan(Rule(Fault.ACCESS_DENIED)))
    refused = [name for name in ("CreateProject", "DetectCustomLabels", "DetectLabels") if faults.strike(name).refusal]
    assert refused == ["CreateProject", "DetectCustomLabels"]


def test_a_rule_strikes_its_own_operations_at_the_requests_that_it_names(bench):
    rule = Rule(Fault.INTERNAL_ERROR, frozenset({"DescribeProjects"}), on=frozenset({2, 4}))
    bench.service.faults.follow(plan(rule))
    bench.call("CreateProject", ProjectName="p")
    assert [bench.send("DescribeProjects")[0] for _ in range(5)] == [200, 500, 200, 500, 200]


def test_chance_repeats_with_its_seed():
    def struck(seed: int) -> list[bool]:
        faults = Faults(plan(Rule(Fault.THROTTLING, probability=0.3), seed=seed))
        return [faults.strike("DescribeProjects").refusal is not None for _ in range(500)]

    assert struck(1) == struck(1) != struck(2)
    assert 100 < sum(struck(1)) < 200


def test_latency_passes_before_the_answer(bench):
    latency = Latency(Distribution.FIXED, 1.5)
    bench.service.faults.follow(plan(Rule(Fault.LATENCY, latency=latency)))
    before = bench.clock()
    bench.call("DescribeProjects")
    assert bench.clock() == before + 1.5


@pytest.mark.parametrize(
    ("latency", "median"),
    [
        (Latency(Distribution.UNIFORM, 1.0, 3.0), 2.0),
        (Latency(Distribution.EXPONENTIAL, 1.0), 0.693),
        (Latency(Distribution.LOGNORMAL, 0.2, 0.5), 0.2),
    ],
)
def test_latencies_are_spread_as_asked(latency, median):
    faults = Faults(plan(Rule(Fault.LATENCY, latency=latency)))
    waits = [faults.strike("DetectCustomLabels").wait for _ in range(2000)]
    assert statistics.median(waits) == pytest.approx(median, rel=0.1)


def test_a_cut_connection_has_no_answer(bench):
    bench.service.faults.follow(plan(Rule(Fault.CONNECTION_CUT)))
    answer = bench.service.answer("RekognitionService.DescribeProjects", b"{}", account="1" * 12, region="eu-west-1")
    assert answer == CUT


def test_a_training_fails_with_the_given_reason(bench, project):
    rule = Rule(Fault.TRAINING_FAILED, on=frozenset({1}), message="The manifest file is empty.")
    bench.service.faults.follow(plan(rule))
    version = bench.create_version(project, **shapes_data(bench))
    assert bench.describe(version)["Status"] == "TRAINING_IN_PROGRESS"
    found = bench.trained(version)
    assert (found["Status"], found["StatusMessage"]) == ("TRAINING_FAILED", "The manifest file is empty.")
    assert bench.trained(bench.create_version(project, "v2", **shapes_data(bench)))["Status"] == "TRAINING_COMPLETED"


def test_a_training_of_data_sets_fails_in_the_shape_of_one_that_failed_by_itself(bench, project):
    bench.create_dataset(project, None)
    itself = bench.trained(bench.create_version(project, "v1"))
    bench.service.faults.follow(plan(Rule(Fault.TRAINING_FAILED, message=itself["StatusMessage"])))
    forced = bench.trained(bench.create_version(project, "v2"))
    own = {"ProjectVersionArn", "CreationTimestamp", "TrainingEndTimestamp"}
    assert {k: v for k, v in forced.items() if k not in own} == {k: v for k, v in itself.items() if k not in own}
    assert forced["TrainingDataResult"] == {"Input": {}}
    assert forced["TestingDataResult"] == {"Input": {"AutoCreate": False}}


def test_hosting_fails_after_starting_and_is_billed_no_further(bench, version):
    bench.service.faults.follow(plan(Rule(Fault.HOSTING_FAILED, message="No capacity.")))
    start = {"ProjectVersionArn": version, "MinInferenceUnits": 1}
    assert bench.call("StartProjectVersion", **start) == {"Status": "STARTING"}
    bench.clock.pass_(DURATIONS.starting)
    found = bench.describe(version)
    assert (found["Status"], found["StatusMessage"]) == ("FAILED", "No capacity.")
    bench.clock.pass_(1000)
    used = bench.service.usage()[version]
    assert (used.billed_unit_seconds, used.starting_unit_seconds) == (0, DURATIONS.starting)
    assert bench.error("StartProjectVersion", **start) == "ResourceInUseException"
    bench.call("DeleteProjectVersion", ProjectVersionArn=version)


def test_a_plan_is_read_from_json_and_written_back():
    given = {
        "seed": 7,
        "rules": [
            {"fault": "throttling", "operations": ["DetectCustomLabels"], "probability": 0.1},
            {"fault": "training_failed", "probability": 1.0, "on": [1], "message": "why"},
            {
                "fault": "latency",
                "probability": 1.0,
                "latency": {"distribution": "lognormal", "seconds": 0.2, "second": 0.5},
            },
        ],
    }
    assert plan_as_json(plan_from(given, OPERATIONS)) == given


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ([], r"a rule is \[\]: give an object of fault, operations, probability, on, message, latency"),
        ({}, "fault is None: give one of throttling, "),
        ({"fault": "rain"}, "fault is 'rain': give one of throttling, "),
        ({"fault": "throttling", "colour": "red"}, "a rule has 'colour': it may have fault, "),
        (
            {"fault": "throttling", "operations": ["DetectCustomLabel"]},
            "'DetectCustomLabel'.* give DetectCustomLabels$",
        ),
        ({"fault": "throttling", "operations": ["DetectFaces"]}, "operations has 'DetectFaces', which is not served"),
        ({"fault": "throttling", "operations": "DetectLabels"}, "operations is 'DetectLabels': give a list of names"),
        ({"fault": "throttling", "operations": [7]}, r"operations is \[7\]: give a list of names"),
        ({"fault": "throttling", "probability": 1.1}, "probability is 1.1: give 0 to 1"),
        ({"fault": "throttling", "probability": float("nan")}, "probability is nan: give 0 to 1"),
        ({"fault": "throttling", "probability": "often"}, "probability is 'often': give a number"),
        ({"fault": "throttling", "probability": True}, "probability is True: give a number"),
        ({"fault": "throttling", "probability": 10**400}, "probability is too large: give a smaller number"),
        ({"fault": "throttling", "on": ["x"]}, r"on is \['x'\]: give a list of whole numbers"),
        ({"fault": "throttling", "on": [0]}, r"on is \[0\]: count requests from 1"),
        ({"fault": "throttling", "on": 1}, "on is 1: give a list of whole numbers"),
        ({"fault": "throttling", "message": {"a": "b"}}, "message is {'a': 'b'}: give a text"),
        ({"fault": "throttling", "message": None}, "message is None: give a text"),
        ({"fault": "throttling", "latency": {"distribution": "fixed", "seconds": 1}}, "latency does not belong to thr"),
        ({"fault": "latency"}, "latency is missing: give its distribution and seconds"),
        ({"fault": "latency", "latency": 1}, "latency is 1: give an object of distribution, seconds, second"),
        (
            {"fault": "latency", "latency": {"distribution": "fixed", "seconds": -1}},
            "latency.seconds is -1.0: give 0",
        ),
        ({"fault": "latency", "latency": {"distribution": "fixed"}}, "latency.seconds is missing: give a number"),
        (
            {"fault": "latency", "latency": {"distribution": "x", "seconds": 1}},
            "distribution is 'x': give one of",
        ),
        (
            {"fault": "latency", "latency": {"distribution": "lognormal", "seconds": 1, "second": 10.1}},
            "latency.second is 10.1: give 0 to 10",
        ),
        ({"fault": "hosting_failed", "operations": ["CreateProject"]}, "operations is CreateProject: leave it out"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_number_member_and_remedy(rule, complaint):
    with pytest.raises(InvalidFaultPlanError, match=f"^rule 2: .*{complaint}"):
        plan_from({"rules": [{"fault": "throttling"}, rule]}, OPERATIONS)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([], r"the plan is \[\]: give an object of seed, rules"),
        ({"rule": []}, "the plan has 'rule': it may have seed, rules"),
        ({"rules": {}}, "rules is {}: give a list of objects"),
        ({"seed": "7"}, "seed is '7': give a whole number"),
        ({"seed": 7.5}, "seed is 7.5: give a whole number"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_its_member_and_remedy(given, complaint):
    with pytest.raises(InvalidFaultPlanError, match=f"^{complaint}"):
        plan_from(given, OPERATIONS)


def test_one_request_waits_an_hour_at_most(bench):
    wild = Latency(Distribution.LOGNORMAL, MOST_SECONDS, 10.0)
    faults = Faults(plan(*[Rule(Fault.LATENCY, latency=wild)] * 3))
    waits = [faults.strike("DetectLabels").wait for _ in range(500)]
    assert max(waits) == MOST_SECONDS


def test_reset_begins_the_plan_of_the_start_anew():
    bench = Bench(more={"faults": plan(Rule(Fault.INTERNAL_ERROR, on=frozenset({1})))})
    assert [bench.send("DescribeProjects")[0] for _ in range(2)] == [500, 200]
    bench.service.faults.follow(FaultPlan())
    bench.service.reset()
    assert [bench.send("DescribeProjects")[0] for _ in range(2)] == [500, 200]
