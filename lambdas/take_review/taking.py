"""Brings the outcome of a review by people into the result of its image, and tells of it."""

import json
from dataclasses import dataclass
from typing import Any, Final

from lambdas.jobs import Job
from lambdas.names import job_of_human_loop
from lambdas.results import ResultsTable
from lambdas.take_review.ended import EndedReview
from lambdas.telling import Teller

MAX_OUTPUT_BYTES: Final = 64 * 1024  # of answers that the result holds; longer ones are only pointed to


@dataclass(frozen=True, kw_only=True)
class ReviewTaker:
    """What taking reviews works with."""

    s3: Any
    results: ResultsTable
    teller: Teller
    deployment: str

    def take(self, ended: EndedReview) -> Job | None:
        """Write a review into its job and tell of it again; None where the review is of no result of ours.

        Safe to repeat: the first end that is written stays, and is told of again. Raises JobOpenError where the image
        is not done yet, and boto3's errors.
        """
        job_id = job_of_human_loop(self.deployment, ended.name)
        if job_id is None:
            return None
        job = self.results.note_review(job_id, self._document(ended))
        if job is not None:
            self.teller.tell(job)
        return job

    def _document(self, ended: EndedReview) -> dict[str, Any]:
        """Spell a review as the member `Review` of a job's document."""
        said = {
            "Status": ended.status,
            "HumanLoopArn": ended.arn,
            "EndedAt": ended.time,
            "Failure": ended.failure,
            "Output": {"S3Bucket": ended.output[0], "S3ObjectName": ended.output[1]} if ended.output else None,
            "Answers": self._answers(*ended.output) if ended.output and ended.status == "COMPLETED" else None,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _answers(self, bucket: str, key: str) -> list[dict[str, Any]] | None:
        """Return what each person answered and when, not who it was; None where that is too long."""
        with self.s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            content = body.read(MAX_OUTPUT_BYTES + 1)
        if len(content) > MAX_OUTPUT_BYTES:
            return None
        return [
            {"AnswerContent": said["answerContent"], "SubmissionTime": said.get("submissionTime")}
            for said in json.loads(content)["humanAnswers"]
        ]
