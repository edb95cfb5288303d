"""Puts pictures where the pipeline looks for them.

`python -m demo.upload digits` (or `scenes`) uploads the demo's data set to the deployment that the environment's AWS
settings reach, which starts its training, and leaves images that are not in it in build/pictures/.
"""

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3

from cli.deployment import find_deployment
from demo.pictures import Picture, PictureSet, digits, manifest_line, scenes
from lambdas.names import TEST_MANIFEST, TRAIN_MANIFEST

_AT_ONCE: Final = 8
_SHOWN_EVERY: Final = 100  # pictures between two lines of progress

Say = Callable[[str], None]


def upload_dataset(s3: Any, bucket: str, project: str, dataset: str, pictures: PictureSet, say: Say) -> str:
    """Upload images, then test.manifest, then train.manifest, which starts the training; return that one's key."""
    prefix = f"{project}/{dataset}"
    splits = {TEST_MANIFEST: pictures.test, TRAIN_MANIFEST: pictures.train}
    upload_pictures(s3, bucket, f"{prefix}/images", [*pictures.train, *pictures.test], say)
    for manifest, split in splits.items():
        lines = [manifest_line(picture, bucket, f"{prefix}/images/{picture.name}") for picture in split]
        s3.put_object(
            Bucket=bucket,
            Key=f"{prefix}/{manifest}",
            Body="\n".join(lines).encode(),
            ContentType="application/jsonlines",
        )
    return f"{prefix}/{TRAIN_MANIFEST}"


def upload_pictures(s3: Any, bucket: str, prefix: str, pictures: Sequence[Picture], say: Say) -> None:
    """Upload pictures in parallel, under their names."""

    def upload(picture: Picture) -> None:
        s3.put_object(
            Bucket=bucket, Key=f"{prefix}/{picture.name}", Body=picture.body, ContentType=picture.content_type
        )

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(upload, pictures), start=1):
            if done % _SHOWN_EVERY == 0 or done == len(pictures):
                say(f"{prefix}: {done} of {len(pictures)} images")


def main() -> None:
    """Upload a data set of the demo, and save the images that are not in it."""
    parser = argparse.ArgumentParser(prog="python -m demo.upload")
    parser.add_argument("project", choices=["digits", "scenes"])
    parser.add_argument("--deployment", metavar="NAME")
    options = parser.parse_args()
    pictures = (digits if options.project == "digits" else scenes)()
    folder = Path("build") / "pictures" / options.project
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures.unseen:
        (folder / picture.name).write_bytes(picture.body)
    clients = cache(boto3.client)
    bucket = find_deployment(clients, options.deployment).datasets_bucket
    key = upload_dataset(clients("s3"), bucket, options.project, "first", pictures, print)
    print(f"s3://{bucket}/{key} is in training; {len(pictures.unseen)} unseen images are in {folder}")


if __name__ == "__main__":
    main()
