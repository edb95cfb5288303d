"""Where the report of a training is: beside what the service wrote of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Place:
    """Where a file is in S3."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def to_json(self) -> dict[str, str]:
        """Spell the place as notifications do."""
        return {"S3Bucket": self.bucket, "S3ObjectName": self.key}


@dataclass(frozen=True)
class ReportPlaces:
    """The two files of a report."""

    html: Place
    image: Place  # PNG


def report_places(version: Mapping[str, Any]) -> ReportPlaces:
    """Return where the report of a ProjectVersionDescription is, whether it has been written or not."""
    output, arn = version["OutputConfig"], version["ProjectVersionArn"].split("/")
    prefix = output.get("S3KeyPrefix", "").strip("/")
    name = f"TrainingReport-{arn[1]}-{arn[3]}"
    base = f"{prefix}/{name}" if prefix else name
    return ReportPlaces(Place(output["S3Bucket"], f"{base}.html"), Place(output["S3Bucket"], f"{base}.png"))


def console_link(place: Place, region: str) -> str:
    """Return the address of a file in the S3 console. It holds no token: who follows it signs in."""
    return (
        f"https://{region}.console.aws.amazon.com/s3/object/{place.bucket}"
        f"?region={region}&prefix={quote(place.key, safe='')}"
    )
