"""Tokens of pages cannot be made up, changed or taken elsewhere."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from rekognition_bench import ACCOUNT, Bench


@pytest.fixture
def token(bench: Bench) -> str:
    for name in "abc":
        bench.call("CreateProject", ProjectName=name)
        bench.clock.pass_(1)
    return bench.call("DescribeProjects", MaxResults=1)["NextToken"]


def test_a_token_may_be_used_with_another_size(bench, token):
    assert len(bench.call("DescribeProjects", MaxResults=2, NextToken=token)["ProjectDescriptions"]) == 2


def test_a_changed_token_is_refused(bench, token):
    content = base64.urlsafe_b64decode(token)
    for place in range(len(content)):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        made = base64.urlsafe_b64encode(changed).decode()
        assert bench.error("DescribeProjects", NextToken=made) == "InvalidPaginationTokenException"


def test_a_token_that_whoever_read_this_code_can_make_is_refused(bench, token):
    made = base64.urlsafe_b64encode(json.dumps([bench.clock(), zlib.crc32(b"{}")]).encode()).decode()
    assert bench.error("DescribeProjects", NextToken=made) == "InvalidPaginationTokenException"


@pytest.mark.parametrize("made", ["made up", "=", "é", "AAAA", "x" * 1024])
def test_a_text_that_is_no_token_is_refused(bench, made):
    assert bench.error("DescribeProjects", NextToken=made) == "InvalidPaginationTokenException"


def test_a_token_of_another_request_operation_account_or_service_is_refused(bench, token):
    assert bench.error("DescribeProjects", NextToken=token, ProjectNames=["a"]) == "InvalidPaginationTokenException"
    project = bench.call("DescribeProjects")["ProjectDescriptions"][0]["ProjectArn"]
    refused = bench.error("DescribeProjectVersions", NextToken=token, ProjectArn=project)
    assert refused == "InvalidPaginationTokenException"
    other = "999999999999"
    assert bench.send("DescribeProjects", account=other, NextToken=token)[1]["__type"].startswith("InvalidPagination")
    assert Bench(clock=bench.clock).error("DescribeProjects", NextToken=token) == "InvalidPaginationTokenException"
    assert bench.send("DescribeProjects", account=ACCOUNT, NextToken=token)[0] == 200


def test_a_token_does_not_outlive_a_reset(bench, token):
    bench.service.reset()
    assert bench.error("DescribeProjects", NextToken=token) == "InvalidPaginationTokenException"
