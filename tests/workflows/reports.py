"""Reads the reports that messages name."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

from tests.harness import Cloud


def page_of(cloud: Cloud, message: Mapping[str, Any]) -> str:
    """Return the page that a message of the training topic names; beside it there is a picture."""
    report = message["Report"]
    html, image = report["Html"], report["Image"]
    assert report["Link"] == f"s3://{html['S3Bucket']}/{html['S3ObjectName']}"
    assert html["S3Bucket"] in report["ConsoleLink"]
    assert not [word for word in ("Signature", "X-Amz", "Token") if word in str(report)]
    with Image.open(io.BytesIO(_body(cloud, image)), formats=["PNG"]) as picture:
        assert picture.size == (1200, 630)
    return _body(cloud, html).decode()


def _body(cloud: Cloud, place: Mapping[str, str]) -> bytes:
    answer = cloud.clients("s3").get_object(Bucket=place["S3Bucket"], Key=place["S3ObjectName"])
    content: bytes = answer["Body"].read()
    return content
