"""Laws of queues, rules, event sources and alarms."""

import pytest

from lambdas.errors import ASLEEP_SECONDS
from lambdas.names import (
    UNKNOWN,
    dead_letter_queue_name,
    dead_letter_queue_of,
    owner_of_dead_letters,
    queue_name,
    source_of,
)
from lambdas.work_messages import Message, wait_seconds
from tests.infrastructure.assembly import Deployment, Resource, referred

DAY = 86_400
LAMBDA_SOURCE = "AWS::Lambda::EventSourceMapping"


def dead_letter_queues(deployment: Deployment) -> set[tuple[str, str]]:
    """Return (stack, id) of each queue that something names as its place for dead letters."""
    dead = set()
    for resource in deployment.all():
        said = resource.properties
        arns = [said.get("RedrivePolicy", {}).get("deadLetterTargetArn")]
        arns += [target.get("DeadLetterConfig", {}).get("Arn") for target in said.get("Targets", [])]
        arns += [said.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")]
        dead |= {(resource.stack, referred(arn)) for arn in arns if arn}
    return dead


def of_images(deployment: Deployment, type_: str) -> list[Resource]:
    """Return the queues, or the event sources, from which detect_labels gets its images."""
    return [resource for resource in of_uploads(deployment, type_) if not resource.id.startswith("Videos")]


def of_uploads(deployment: Deployment, type_: str) -> list[Resource]:
    """Return the queues, or the event sources, of images and videos."""
    stacks = [stack for stack in deployment.templates if "-project-" in stack or stack.endswith("-inference")]
    return [
        resource
        for resource in deployment.all(type_)
        if resource.stack in stacks and (type_ != "AWS::SQS::Queue" or "RedrivePolicy" in resource.properties)
    ]


def test_every_queue_has_a_dead_letter_queue_or_is_one(deployment):
    dead = dead_letter_queues(deployment)
    for queue in deployment.all("AWS::SQS::Queue"):
        assert ("RedrivePolicy" in queue.properties) != ((queue.stack, queue.id) in dead), queue


def test_every_dead_letter_queue_keeps_its_letters_14_days_and_rings_at_the_first(deployment):
    dead = dead_letter_queues(deployment)
    queues = {(queue.stack, queue.id): queue for queue in deployment.all("AWS::SQS::Queue")}
    ringing = {
        (alarm.stack, referred(dimension["Value"]))
        for alarm in deployment.all("AWS::CloudWatch::Alarm")
        for dimension in alarm.properties.get("Dimensions", [])
        if alarm.properties["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm.properties["Threshold"] == 1
    }
    assert dead <= ringing
    assert {queues[place].properties["MessageRetentionPeriod"] for place in dead} == {14 * DAY}


def test_every_queue_is_encrypted_by_sqs_itself(deployment):
    for queue in deployment.all("AWS::SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True, queue


def test_a_source_queue_keeps_10_days_and_rings_at_7(deployment):
    ages = {
        (alarm.stack, referred(alarm.properties["Dimensions"][0]["Value"])): alarm.properties["Threshold"]
        for alarm in deployment.all("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") == "ApproximateAgeOfOldestMessage"
    }
    sources = of_uploads(deployment, "AWS::SQS::Queue")
    assert len(sources) == len(deployment.said["projects"]) + len(deployment.films) + 1
    for queue in sources:
        assert queue.properties["MessageRetentionPeriod"] == 10 * DAY, queue
        assert ages[queue.stack, queue.id] == 7 * DAY, queue


@pytest.mark.parametrize("cause_seconds", [0, ASLEEP_SECONDS], ids=["throttled or busy", "asleep"])
def test_an_image_that_is_put_off_is_never_received_too_often_while_its_queue_keeps_it(deployment, cause_seconds):
    for queue in of_uploads(deployment, "AWS::SQS::Queue"):
        receives, age = 0, 0.0
        while age < queue.properties["MessageRetentionPeriod"]:
            receives += 1
            message = Message("m", "r", "{}", "q", receives=receives, sent_at=0)
            age += wait_seconds(message, cause_seconds, lambda low, high: low)  # the worst luck
        assert receives < queue.properties["RedrivePolicy"]["maxReceiveCount"], queue


def test_visibility_is_at_least_six_times_the_timeout_of_the_function(deployment):
    readers = {"-requests": "queueimages", "-videos": "collectvideo"}  # all others are for uploads
    for queue in deployment.all("AWS::SQS::Queue"):
        if "RedrivePolicy" in queue.properties:
            reader = next((name for end, name in readers.items() if queue.stack.endswith(end)), "detectlabels")
            by_queue = {"VideosQueue": "startvideo", "samplevideo": "samplevideo", "mergevideo": "mergevideo"}
            reader = next((name for start, name in by_queue.items() if queue.id.startswith(start)), reader)
            timeout = deployment.one("AWS::Lambda::Function", reader).properties["Timeout"]
            assert queue.properties["VisibilityTimeout"] >= 6 * timeout, queue


def test_every_event_source_is_closed_but_that_of_unknown_keys(deployment):
    for source in of_images(deployment, "AWS::Lambda::EventSourceMapping"):
        assert source.properties["Enabled"] is source.stack.endswith("-inference"), source
        assert source.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"], source
        assert source.properties["BatchSize"] == 10, source


def test_every_event_source_of_videos_is_open_which_need_no_model(deployment):
    sources = [source for source in of_uploads(deployment, LAMBDA_SOURCE) if source.id.startswith("Videos")]
    assert len(sources) == len(deployment.films)
    for source in sources:
        assert source.properties.get("Enabled", True) is True, source
        assert source.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"], source
        assert source.properties["ScalingConfig"]["MaximumConcurrency"] == 2, source


def test_event_sources_leave_room_in_the_account(deployment):
    limits = concurrencies(deployment)
    assert len(limits) == len(deployment.said["projects"]) + 1
    assert min(limits.values()) >= 2  # the least that Lambda takes
    videos = 2 * (len(deployment.films) + 1) if deployment.films else 0
    videos += 4 if deployment.framed else 0
    assert sum(limits.values()) + videos + 2 <= deployment.said.get("account_concurrency", 10)


def test_a_project_with_more_inference_units_has_more_batches_at_a_time(many):
    limits = concurrencies(many)
    assert limits["project-project-0-xxxxxxxxxxxxxxxx"] == 5
    assert limits["project-project-1-xxxxxxxxxxxxxxxx"] == 2
    assert limits["inference"] == 2


def concurrencies(deployment: Deployment) -> dict[str, int]:
    """Return how many batches each event source may have at a time, by its stack."""
    return {
        source.stack.removeprefix(f"CustomLabels-{deployment.name}-"): source.properties["ScalingConfig"][
            "MaximumConcurrency"
        ]
        for source in of_images(deployment, "AWS::Lambda::EventSourceMapping")
    }


def test_every_rule_target_has_a_dead_letter_queue_that_takes_letters_from_this_rule_only(deployment):
    rules = list(deployment.all("AWS::Events::Rule"))
    videos = len(deployment.films) + 1 if deployment.films else 0  # and the sweep of videos
    frames = 1 if deployment.framed else 0
    assert len(rules) == len(deployment.said["projects"]) + videos + frames + 5 + deployment.moderates
    for rule in rules:
        (target,) = rule.properties["Targets"]
        for arn in (target["DeadLetterConfig"]["Arn"], target["Arn"]):
            queue = referred(arn)
            if deployment.templates[rule.stack]["Resources"][queue]["Type"] == "AWS::SQS::Queue":
                assert rule.id in senders(deployment, rule.stack, queue), rule


def senders(deployment: Deployment, stack: str, queue: str) -> list[str | None]:
    """Return the rules that EventBridge may send for into a queue; fail where it may for any rule."""
    found = []
    for policy in deployment.all("AWS::SQS::QueuePolicy"):
        if policy.stack == stack and queue in map(referred, policy.properties["Queues"]):
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow" and statement["Principal"] != {"Service": "sns.amazonaws.com"}:
                    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
                    found.append(referred(statement["Condition"]["ArnEquals"]["aws:SourceArn"]))
    return found


def test_a_projects_rule_takes_the_keys_of_its_folder_and_the_last_rule_takes_all_others(deployment):
    keys = {
        rule.properties["Name"]: rule.properties["EventPattern"]["detail"]["object"]["key"]
        for rule in deployment.all("AWS::Events::Rule")
        if "object" in rule.properties.get("EventPattern", {}).get("detail", {})
        and "dataset" not in rule.properties["Name"]
    }
    prefix = f"custom-labels-{deployment.name}-uploaded"
    projects = sorted(deployment.said["projects"])
    expected = {f"{prefix}-{project}": [{"prefix": f"{project}/"}] for project in projects}
    videos = f"custom-labels-{deployment.name}-videos"
    expected |= {f"{videos}-{project}": [{"prefix": f"videos/{project}/"}] for project in deployment.films}
    if deployment.framed:
        sampled = [{"prefix": f"videos/{project}/"} for project in deployment.framed]
        expected[f"custom-labels-{deployment.name}-sample_video-videos"] = sampled
    claimed = [f"{project}/" for project in projects] + [f"videos/{project}/" for project in deployment.films]
    expected[f"{prefix}-unknown"] = [{"anything-but": {"prefix": sorted(claimed)}}]
    assert keys == expected


def test_only_a_train_manifest_in_a_folder_starts_a_training(deployment):
    rule = deployment.one("AWS::Events::Rule", "DatasetUploaded")
    assert rule.properties["EventPattern"]["detail"]["object"]["key"] == [{"suffix": "/train.manifest"}]
    (target,) = rule.properties["Targets"]
    assert referred(target["Arn"]).startswith("trainmodelStateMachine")


def test_the_function_finds_the_dead_letter_queue_by_the_name_of_its_queue(deployment):
    names = {queue.properties["QueueName"] for queue in deployment.all("AWS::SQS::Queue")}
    for project in [*deployment.said["projects"], UNKNOWN]:
        queue = queue_name(deployment.name, "detect_labels", project)
        assert queue in names
        assert dead_letter_queue_of(queue, "detect_labels") in names
        assert dead_letter_queue_of(queue, "detect_labels") == dead_letter_queue_name(
            deployment.name, "detect_labels", project
        )


def test_redrive_finds_every_dead_letter_queue_that_has_a_source_by_its_name(deployment):
    names = {(queue.stack, queue.id): queue.properties["QueueName"] for queue in deployment.all("AWS::SQS::Queue")}
    for queue in deployment.all("AWS::SQS::Queue"):
        if "RedrivePolicy" in queue.properties:
            dead = names[queue.stack, referred(queue.properties["RedrivePolicy"]["deadLetterTargetArn"])]
            owner = owner_of_dead_letters(deployment.name, dead)
            assert owner is not None, dead
            assert owner[1] in {*deployment.said["projects"], UNKNOWN, None}, dead
            assert source_of(dead, owner[0]) == queue.properties["QueueName"]


def test_every_alarm_tells_the_operations_topic_and_says_what_to_do(deployment):
    for alarm in deployment.all("AWS::CloudWatch::Alarm"):
        (action,) = alarm.properties["AlarmActions"]
        assert "OperationsTopic" in action["Fn::GetStackOutput"]["OutputName"], alarm
        assert len(alarm.properties["AlarmDescription"].split()) > 8, alarm
        assert alarm.properties["AlarmName"].startswith(f"custom-labels-{deployment.name}-"), alarm


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"])
def test_each_way_for_a_workflow_to_end_badly_rings(deployment, metric):
    watched = [
        referred(alarm.properties["Dimensions"][0]["Value"])
        for alarm in deployment.all("AWS::CloudWatch::Alarm")
        if alarm.properties["MetricName"] == metric and alarm.properties["Threshold"] == 1
    ]
    assert sorted(watched) == sorted(m.id for m in deployment.all("AWS::StepFunctions::StateMachine"))


@pytest.mark.parametrize("room", ["guard", "sweep"])
def test_the_guard_and_the_sweeper_look_every_five_minutes_and_their_silence_rings(deployment, room):
    stack = f"CustomLabels-{deployment.name}-{room}"
    (rule,) = [rule.properties for rule in deployment.all("AWS::Events::Rule") if rule.stack == stack]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(5 minutes)", "ENABLED")
    alarms = {
        alarm.properties["MetricName"]: alarm.properties
        for alarm in deployment.all("AWS::CloudWatch::Alarm")
        if alarm.stack == stack
    }
    silent = alarms[{"guard": "GuardRuns", "sweep": "Invocations"}[room]]
    assert silent["Period"] * silent["EvaluationPeriods"] == 15 * 60
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert silent["TreatMissingData"] == "breaching"
    assert alarms["Errors"]["Threshold"] == 1


def test_the_governor_looks_each_minute_and_five_minutes_without_a_whole_round_ring(deployment):
    stack = f"CustomLabels-{deployment.name}-governor"
    (rule,) = [rule.properties for rule in deployment.all("AWS::Events::Rule") if rule.stack == stack]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    (silent,) = [
        alarm.properties
        for alarm in deployment.all("AWS::CloudWatch::Alarm")
        if alarm.properties["MetricName"] == "GovernorRuns"
    ]
    assert (silent["Namespace"], silent["Dimensions"]) == (
        "CustomLabels",
        [{"Name": "Deployment", "Value": deployment.name}, {"Name": "service", "Value": "govern_models"}],
    )
    assert silent["Period"] * silent["EvaluationPeriods"] == 5 * 60
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert silent["TreatMissingData"] == "breaching"
