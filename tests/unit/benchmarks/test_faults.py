"""The count of what survived."""

from typing import Any

from benchmarks.faults import Survived, count
from lambdas.images import ImageRef
from lambdas.jobs import Job, JobStatus

UPLOADS = [ImageRef("images", f"five/{name}.png", "v1") for name in "abc"]


def job(image: ImageRef, status: JobStatus = JobStatus.SUCCEEDED, identity: str = "", code: str = "") -> Job:
    outcome: dict[str, Any] = {"ErrorCode": code} if code else {}
    return Job(id=identity or image.key, project="five", image=image, status=status, created_at=0, outcome=outcome)


def told(image: ImageRef, timestamp: int = 1, status: str = "SUCCEEDED") -> dict[str, Any]:
    return {"JobId": image.key, "Timestamp": timestamp, "Status": status, "Image": image.to_json()}


def counted(jobs: list[Job], messages: list[dict[str, Any]]) -> Survived:
    return count(UPLOADS, jobs, messages, duplicates=0, kills=0, dead=0, seconds=1.0)


def test_all_is_well_where_each_upload_has_one_result_that_was_told():
    found = counted([job(image) for image in UPLOADS], [told(image) for image in UPLOADS])
    assert (found.uploads, found.terminal, found.lost, found.twice, found.untold) == (3, 3, 0, 0, 0)
    assert (found.succeeded, found.failed) == (3, {})


def test_an_upload_is_lost_where_its_job_is_missing_or_not_final():
    found = counted([job(UPLOADS[0]), job(UPLOADS[1], JobStatus.IN_PROGRESS)], [])
    assert (found.terminal, found.lost) == (1, 2)


def test_a_second_job_of_an_upload_counts_as_twice():
    jobs = [*(job(image) for image in UPLOADS), job(UPLOADS[0], identity="another")]
    assert counted(jobs, []).twice == 1


def test_a_job_that_two_outcomes_were_told_of_counts_as_twice_and_one_told_twice_does_not():
    jobs = [job(image) for image in UPLOADS]
    assert counted(jobs, [told(UPLOADS[0]), told(UPLOADS[0])]).twice == 0
    assert counted(jobs, [told(UPLOADS[0]), told(UPLOADS[0], timestamp=2)]).twice == 1


def test_an_upload_that_nobody_was_told_of_is_counted():
    assert counted([job(image) for image in UPLOADS], [told(UPLOADS[0])]).untold == 2


def test_failures_are_counted_by_their_codes():
    jobs = [job(image, JobStatus.FAILED, code=code) for image, code in zip(UPLOADS, ("A", "B", "A"), strict=True)]
    found = counted(jobs, [])
    assert (found.succeeded, found.failed) == (0, {"A": 2, "B": 1})
