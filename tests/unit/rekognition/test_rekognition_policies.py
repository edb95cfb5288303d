"""Project policies: their revisions, their documents, and what they permit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rekognition_bench import DURATIONS, Bench

from local.rekognition.policy_documents import ProjectPolicy, forbids, permits
from local.rekognition.quotas import NO_QUOTAS

OTHER = "999999999999"
VERSION = "arn:aws:rekognition:eu-west-1:123456789012:project/shapes/version/v1/1"


def statement(**changes):
    given = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": "arn:aws:rekognition:eu-west-1:123456789012:project/shapes/version/*",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def put(bench, project, name="p", text=None, **more):
    request = {"ProjectArn": project, "PolicyName": name, "PolicyDocument": text or document(statement())}
    return bench.call("PutProjectPolicy", **request, **more)["PolicyRevisionId"]


def refused(bench, project, name="p", text=None, **more):
    request = {"ProjectArn": project, "PolicyName": name, "PolicyDocument": text or document(statement())}
    return bench.error("PutProjectPolicy", **request, **more)


def listed(bench, project):
    return bench.call("ListProjectPolicies", ProjectArn=project)["ProjectPolicies"]


def test_a_policy_is_attached_and_listed_as_it_was_written(bench, project):
    text = " " + document(statement()) + "\n"
    revision = put(bench, project, "copy", text)
    (found,) = listed(bench, project)
    assert found.pop("CreationTimestamp") == found.pop("LastUpdatedTimestamp") >= bench.clock()
    assert found == {
        "ProjectArn": project,
        "PolicyName": "copy",
        "PolicyRevisionId": revision,
        "PolicyDocument": text,
    }


def test_a_policy_is_replaced_by_its_revision(bench, project):
    first = put(bench, project)
    bench.clock.pass_(60)
    second = put(bench, project, text=document(statement(Effect="Deny")), PolicyRevisionId=first.upper())
    (found,) = listed(bench, project)
    assert found["PolicyRevisionId"] == second != first
    assert '"Deny"' in found["PolicyDocument"]
    assert found["LastUpdatedTimestamp"] >= found["CreationTimestamp"] + 59


def test_a_policy_is_not_replaced_without_its_own_revision(bench, project):
    first = put(bench, project)
    assert refused(bench, project) == "ResourceAlreadyExistsException"
    assert refused(bench, project, PolicyRevisionId="0" * 32) == "InvalidPolicyRevisionIdException"
    assert refused(bench, project, "new", PolicyRevisionId=first) == "InvalidPolicyRevisionIdException"
    assert [policy["PolicyRevisionId"] for policy in listed(bench, project)] == [first]


def test_a_policy_is_deleted_by_name_and_revision(bench, project):
    revision = put(bench, project)
    only = {"ProjectArn": project, "PolicyName": "p"}
    wrong = bench.error("DeleteProjectPolicy", **only, PolicyRevisionId="0" * 32)
    assert wrong == "InvalidPolicyRevisionIdException"
    assert bench.call("DeleteProjectPolicy", **only, PolicyRevisionId=revision) == {}
    assert bench.error("DeleteProjectPolicy", **only) == "ResourceNotFoundException"


@pytest.mark.parametrize("operation", ["PutProjectPolicy", "ListProjectPolicies", "DeleteProjectPolicy"])
def test_policies_of_another_account_s_project_are_not_found(bench, project, operation):
    more = {} if operation == "ListProjectPolicies" else {"PolicyName": "p"}
    more |= {"PolicyDocument": document(statement())} if operation == "PutProjectPolicy" else {}
    status, body = bench.send(operation, account=OTHER, ProjectArn=project, **more)
    assert (status, body["__type"]) == (400, "ResourceNotFoundException")


def test_policies_are_listed_in_pages_of_five(bench, project):
    for number in range(6):
        put(bench, project, f"p{number}")
    first = bench.call("ListProjectPolicies", ProjectArn=project)
    rest = bench.call("ListProjectPolicies", ProjectArn=project, NextToken=first["NextToken"])
    names = [[policy["PolicyName"] for policy in page["ProjectPolicies"]] for page in (first, rest)]
    assert names == [["p5", "p4", "p3", "p2", "p1"], ["p0"]]
    assert "NextToken" not in rest
    assert bench.error("ListProjectPolicies", ProjectArn=project, MaxResults=6) == "ValidationException"


def test_a_project_has_so_many_policies_when_that_is_limited():
    bench = Bench(quotas=replace(NO_QUOTAS, policies_per_project=1))
    project = bench.call("CreateProject", ProjectName="p")["ProjectArn"]
    revision = put(bench, project)
    assert refused(bench, project, "second") == "LimitExceededException"
    put(bench, project, PolicyRevisionId=revision)


def test_policies_go_with_their_project(bench, project):
    put(bench, project)
    bench.call("DeleteProject", ProjectArn=project)
    bench.clock.pass_(DURATIONS.deleting)
    again = bench.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    assert listed(bench, again) == []


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        "{}",
        '{"Statement": []}',
        '{"Statement": "x"}',
        '{"Statement": ["x"]}',
        json.dumps({"Version": "2020-01-01", "Statement": [statement()]}),
        json.dumps({"Colour": "red", "Statement": [statement()]}),
        document(statement(Effect="allow")),
        document(statement(Effect=None)),
        document(statement(Principal=None)),
        document(statement(Action=None)),
        document(statement(Resource=None)),
        document(statement(Resource=[])),
        document(statement(Resource=[1])),
        document(statement(Action="rekognition:*")),
        document(statement(NotAction="x")),
        document(statement(Principal={"Service": "x"})),
        document(statement(Principal={"AWS": "someone"})),
        document(statement(Principal={"AWS": []})),
        document(statement(), statement(Effect="Maybe")),
    ],
)
def test_a_malformed_document_is_refused(bench, project, text):
    assert refused(bench, project, text=text) == "MalformedPolicyDocumentException"
    assert listed(bench, project) == []


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Statement": statement()}),
        document(statement(Sid="x", Principal="*", Condition={"StringEquals": {"aws:x": "y"}})),
        document(statement(Principal={"AWS": [f"arn:aws:iam::{OTHER}:role/Admin", "*"]})),
    ],
)
def test_every_documented_form_is_accepted(bench, project, text):
    put(bench, project, text=text)


def policies(*statements):
    return [ProjectPolicy("", "p", document(*statements), "", 0.0, 0.0)]


@pytest.mark.parametrize(
    ("statements", "permitted"),
    [
        ([], False),
        ([statement()], True),
        ([statement(Principal="*")], True),
        ([statement(Principal={"AWS": f"arn:aws:iam::{OTHER}:role/Admin"})], True),
        ([statement(Principal={"AWS": "111111111111"})], False),
        ([statement(Resource=VERSION)], True),
        ([statement(Resource=[VERSION + "0"])], False),
        ([statement(Condition={"StringEquals": {"aws:x": "y"}})], False),  # not read here
        ([statement(), statement(Effect="Deny", Resource=VERSION)], False),
        ([statement(), statement(Effect="Deny", Condition={"Bool": {"aws:x": "y"}})], False),
        ([statement(), statement(Effect="Deny", Resource=VERSION + "0")], True),
    ],
)
def test_another_account_needs_an_allow_and_no_deny(statements, permitted):
    assert permits(policies(*statements) if statements else [], OTHER, VERSION) is permitted


def test_the_owner_needs_no_allow_but_heeds_a_deny():
    owner = {"AWS": "123456789012"}
    assert not forbids([], "123456789012", VERSION)
    assert not forbids(policies(statement()), "123456789012", VERSION)
    assert forbids(policies(statement(Effect="Deny", Principal=owner)), "123456789012", VERSION)
