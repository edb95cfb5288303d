"""Laws of the guard's room."""

import json

from tests.infrastructure.assembly import referred


def room(deployment):
    return f"CustomLabels-{deployment.name}-guard"


def test_the_guards_memory_is_made_empty_with_the_same_value_at_each_deployment(deployment):
    (memory,) = deployment.all("AWS::SSM::Parameter")
    assert (memory.stack, memory.properties["Type"], memory.properties["Value"]) == (room(deployment), "String", "{}")


def test_the_guard_reads_and_writes_its_own_memory_and_no_other_parameter(deployment):
    (memory,) = deployment.all("AWS::SSM::Parameter")
    granted = [
        (policy.stack, statement)
        for policy, statement in deployment.statements()
        if any(action.startswith("ssm:") for action in statement["Action"])
    ]
    ((stack, statement),) = granted
    assert stack == room(deployment)
    *_, last = statement["Resource"]["Fn::Join"][1]
    assert referred(last) == memory.id
    assert "*" not in json.dumps(statement["Resource"])


def test_a_run_of_the_guard_ends_before_the_next_one_is_due(deployment):
    guard = deployment.one("AWS::Lambda::Function", "guardmodels").properties
    (rule,) = [rule.properties for rule in deployment.all("AWS::Events::Rule") if rule.stack == room(deployment)]
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert 240 <= guard["Timeout"] < 300


def test_the_guard_rings_where_it_has_not_succeeded_and_where_it_cannot_read(deployment):
    alarms = {
        alarm.properties["MetricName"]: alarm.properties
        for alarm in deployment.all("AWS::CloudWatch::Alarm")
        if alarm.stack == room(deployment) and alarm.properties["Namespace"] == "CustomLabels"
    }
    own = {("Deployment", deployment.name), ("service", "guard_models")}  # as Powertools writes them
    assert set(alarms) == {"GuardRuns", "RegistryUnreadable", "GuardMemoryUnreadable"}
    for alarm in alarms.values():
        assert {(said["Name"], said["Value"]) for said in alarm["Dimensions"]} == own
        assert (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) == ("Sum", 300, 1)
    silent = alarms.pop("GuardRuns")
    assert (silent["ComparisonOperator"], silent["EvaluationPeriods"]) == ("LessThanThreshold", 3)
    assert silent["TreatMissingData"] == "breaching"
    for alarm in alarms.values():
        assert (alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("GreaterThanOrEqualToThreshold", 1)
