"""Tags of projects and versions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Bench

from local.rekognition.quotas import NO_QUOTAS


def tags(bench, arn):
    return bench.call("ListTagsForResource", ResourceArn=arn)["Tags"]


def test_tags_come_with_creation_and_are_added_replaced_and_removed(bench):
    arn = bench.call("CreateProject", ProjectName="p", Tags={"team": "a", "stage": "test"})["ProjectArn"]
    assert bench.call("TagResource", ResourceArn=arn, Tags={"team": "b", "cost": ""}) == {}
    assert tags(bench, arn) == {"team": "b", "stage": "test", "cost": ""}
    assert bench.call("UntagResource", ResourceArn=arn, TagKeys=["stage", "none"]) == {}
    assert tags(bench, arn) == {"team": "b", "cost": ""}


def test_a_version_has_tags_of_its_own(bench, project):
    data = {"TrainingData": bench.put_manifest("empty", []), "TestingData": {"AutoCreate": True}}
    version = bench.create_version(project, Tags={"of": "version"}, **data)
    assert (tags(bench, version), tags(bench, project)) == ({"of": "version"}, {})


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
def test_tags_of_what_is_not_there_are_not_found(bench, operation):
    more = {"TagResource": {"Tags": {}}, "UntagResource": {"TagKeys": []}}.get(operation, {})
    missing = f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/none/1"
    assert bench.error(operation, ResourceArn=missing, **more) == "ResourceNotFoundException"
    assert bench.error(operation, ResourceArn="x" * 20, **more) == "InvalidParameterException"


def test_tags_of_another_account_are_not_found(bench, project):
    status, body = bench.send("ListTagsForResource", account="999999999999", ResourceArn=project)
    assert (status, body["__type"]) == (400, "ResourceNotFoundException")


def test_tags_go_with_their_project(bench, project):
    bench.call("DeleteProject", ProjectArn=project)
    bench.clock.pass_(DURATIONS.deleting)
    assert bench.error("ListTagsForResource", ResourceArn=project) == "ResourceNotFoundException"


def test_a_resource_has_so_many_tags():
    bench = Bench(quotas=replace(NO_QUOTAS, tags=2))
    arn = bench.call("CreateProject", ProjectName="p", Tags={"a": "1", "b": "2"})["ProjectArn"]
    bench.call("TagResource", ResourceArn=arn, Tags={"b": "3"})
    assert bench.error("TagResource", ResourceArn=arn, Tags={"c": "3"}) == "ServiceQuotaExceededException"
    assert tags(bench, arn) == {"a": "1", "b": "3"}
