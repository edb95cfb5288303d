"""Lists of labels that are too long for an item: in the results bucket, with a pointer in the item."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lambdas.jobs import Job
from lambdas.labels import LABEL_LISTS, confidences, labels_of
from lambdas.names import LABELS_FOLDER
from lambdas.videos import VIDEO_API

# JSON is longer than what DynamoDB counts, which takes 400 KB an item.
_MAX_JSON: Final = 300 * 1024


@dataclass(frozen=True)
class LabelObjects:
    """The label lists in the results bucket of a deployment, through a boto3 S3 client."""

    s3: Any
    bucket: str

    def spared(self, job: Job, outcome: Mapping[str, Any]) -> dict[str, Any]:
        """Return an outcome that an item can hold: labels of more than 300 KB are put to S3 and pointed to.

        The key carries the content's digest, so that no delivery changes what another one's pointer names.
        """
        body = json.dumps(labels_of(outcome), ensure_ascii=False).encode()
        if len(body) <= _MAX_JSON:
            return dict(outcome)
        key = f"{LABELS_FOLDER}/{job.project}/{job.id}/{hashlib.sha256(body).hexdigest()[:16]}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")
        return {name: value for name, value in outcome.items() if name not in LABEL_LISTS} | {
            "LabelsObject": {"S3Bucket": self.bucket, "S3ObjectName": key},
            "LabelCount": len(labels_of(outcome)),
            "Confidences": confidences(outcome),
        }

    def completed(self, job: Job) -> Job:
        """Return a job with all its labels in its outcome, wherever they are."""
        pointer = job.outcome.get("LabelsObject")
        if pointer is None:
            return job
        with self.s3.get_object(Bucket=pointer["S3Bucket"], Key=pointer["S3ObjectName"])["Body"] as body:
            name = "Labels" if job.api == VIDEO_API else "CustomLabels"
            return replace(job, outcome={**job.outcome, name: json.loads(body.read())})
