import json

import pytest

from lambdas.api_errors import (
    InvalidPaginationTokenException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from lambdas.errors import ErrorCode
from lambdas.get_detection import get as get_module
from lambdas.get_detection.get import Getter
from lambdas.images import ImageRef, job_id
from lambdas.jobs import Job, JobStatus, Source, failed, succeeded
from lambdas.label_objects import LabelObjects
from lambdas.queries import Queries
from lambdas.results import ResultsTable
from lambdas.start_jobs import StartJob, StartJobs

START = "0" * 32
REQUEST = {"Project": "digits", "Images": {"S3Prefix": {"Bucket": "images", "Prefix": "digits/"}}}


@pytest.fixture
def getter(dynamodb):
    getter = Getter(starts=StartJobs(dynamodb, "results"), queries=Queries(dynamodb, "results"))
    open_start(getter, START, job_tag="line-7")
    return getter


def open_start(getter, start_id, **said):
    getter.starts.open(StartJob(id=start_id, project="digits", created_at=1, request=REQUEST, **said), now=1)


@pytest.fixture
def finish(dynamodb):
    """Finish the image of a start job, as detect_labels does."""
    table = ResultsTable(dynamodb, "results", LabelObjects(None, "objects"))

    def write(key, labels, start_id=START):
        image = ImageRef("images", key, "v1")
        job = Job(
            id=job_id(image, "digits", start_id),
            project="digits",
            image=image,
            status=JobStatus.IN_PROGRESS,
            created_at=5,
            project_version_arn="arn:v1",
            run=start_id,
            start_job_id=start_id,
        )
        outcome = (
            failed(ErrorCode.NOT_AN_IMAGE, "no image", Source(size=1))
            if labels is None
            else succeeded(labels, Source(size=1, job_tag="line-7"), 5)
        )
        table.finish(
            table.open(job, holder="h", now=1, lease_seconds=9).job, outcome, holder="h", now=2, retention_days=None
        )
        return job.id

    return write


def pages(getter, **said):
    """Return the results of all pages, and how many pages there were."""
    results, token, count = [], None, 0
    while True:
        answer = getter.get({"JobId": START} | said | ({"NextToken": token} if token else {}))
        results += answer["Results"]
        token, count = answer.get("NextToken"), count + 1
        if token is None:
            return results, count


def test_a_new_job_is_in_progress_and_says_what_was_asked(getter):
    assert getter.get({"JobId": START}) == {
        "JobId": START,
        "JobStatus": "IN_PROGRESS",
        "JobTag": "line-7",
        "Project": "digits",
        "Images": REQUEST["Images"],
        "Done": 0,
        "Failed": 0,
        "Results": [],
    }


def test_results_are_those_of_each_image_labels_and_failures(getter, finish):
    label = {"Name": "one", "Confidence": 97.5}
    good, bad = finish("digits/a.png", [label]), finish("digits/b.png", None)
    getter.starts.set_total(START, 2, now=1)
    getter.starts.finish_if_done(START, 3)
    answer = getter.get({"JobId": START})
    assert (answer["JobStatus"], answer["Total"], answer["Done"], answer["Failed"]) == ("SUCCEEDED", 2, 2, 1)
    results = {result["JobId"]: result for result in answer["Results"]}
    assert results[good]["CustomLabels"] == [label]
    assert results[good]["ProjectVersionArn"] == "arn:v1"
    assert results[good]["Image"] == {"S3Bucket": "images", "S3ObjectName": "digits/a.png", "S3ObjectVersion": "v1"}
    assert (results[bad]["Status"], results[bad]["ErrorCode"]) == ("FAILED", "NOT_AN_IMAGE")


@pytest.mark.parametrize("limit", [1, 3, 20, 1000])
def test_pages_leave_nothing_out_and_say_nothing_twice(getter, finish, limit):
    ids = {finish(f"digits/{number}.png", []) for number in range(20)}
    results, _ = pages(getter, MaxResults=limit)
    assert len(results) == 20
    assert {result["JobId"] for result in results} == ids


def test_a_page_has_no_more_than_was_asked_for(getter, finish):
    for number in range(7):
        finish(f"digits/{number}.png", [])
    assert len(getter.get({"JobId": START, "MaxResults": 3})["Results"]) == 3


def test_a_page_that_would_be_too_large_for_lambda_ends_before(getter, finish, monkeypatch):
    monkeypatch.setattr(get_module, "_CHUNK", 2)
    monkeypatch.setattr(get_module, "_FULL", 2000)
    for number in range(8):
        finish(f"digits/{number}.png", [{"Name": f"label {n}", "Confidence": 50.0} for n in range(30)])
    answer = getter.get({"JobId": START})
    assert len(answer["Results"]) == 2
    assert len(pages(getter)[0]) == 8


def test_the_largest_answer_is_one_that_lambda_takes():
    largest_result = 310 * 1024
    assert get_module._FULL + get_module._CHUNK * largest_result < 6 * 1000 * 1000


def test_an_unknown_job_is_not_found_also_where_it_is_an_images(getter, finish):
    for unknown in ("1" * 32, finish("digits/a.png", [])):
        with pytest.raises(ResourceNotFoundException, match="There is no job"):
            getter.get({"JobId": unknown})


def test_a_token_of_another_job_or_of_nobody_is_refused(getter, finish):
    for number in range(4):
        finish(f"digits/{number}.png", [])
    token = getter.get({"JobId": START, "MaxResults": 1})["NextToken"]
    open_start(getter, "1" * 32)
    for said in ({"JobId": "1" * 32, "NextToken": token}, {"JobId": START, "NextToken": "odd"}):
        with pytest.raises(InvalidPaginationTokenException):
            getter.get(said)
    with pytest.raises(InvalidPaginationTokenException):
        getter.get({"JobId": START, "NextToken": 5})


@pytest.mark.parametrize(
    "said",
    [
        *(None, [], {}, {"JobId": 5}, {"JobId": ""}),
        *({"JobId": START, "MaxResults": limit} for limit in (0, -1, "5", True, 1.5)),
        {"JobId": START, "SortBy": "NAME"},
    ],
)
def test_a_request_that_is_wrong_is_an_invalid_parameter(getter, said):
    with pytest.raises(InvalidParameterException):
        getter.get(said)


def test_more_than_a_thousand_are_a_thousand(getter):
    assert getter.get({"JobId": START, "MaxResults": 5000})["Results"] == []


def test_an_answer_is_json(getter, finish):
    finish("digits/é.png", [{"Name": "één", "Confidence": 97.5, "Geometry": {"BoundingBox": {"Width": 0.5}}}])
    assert json.loads(json.dumps(getter.get({"JobId": START})))["Results"][0]["CustomLabels"][0]["Name"] == "één"
