"""A manifest of SageMaker Ground Truth lines, in a file or in S3; its images are in S3."""

from collections.abc import Iterable, Iterator

from cli.datasets.examples import Example, ImportFailedError, StoredImage, refuse
from lambdas.datasets.labelled import bucket_and_key
from lambdas.datasets.manifest_lines import read_line


def read_manifest(where: str, lines: Iterable[str]) -> Iterator[Example]:
    """Yield the images of a manifest's lines; `where` names it. Raises ImportFailedError at a line that is wrong."""
    first: dict[str, int] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        line = read_line(text)
        errors = [found for found in line.found if found.code.rule.weight.is_error]
        if errors:
            rule = errors[0].code.rule
            detail = f" ({errors[0].detail})" if errors[0].detail else ""
            raise refuse(where, number, f"{rule.said}{detail}; {rule.remedy} [{errors[0].code}]")
        if line.source in first:
            raise ImportFailedError(
                f"{where} line {number}: line {first[line.source]} has the same source-ref; put all labels on one line"
            )
        first[line.source] = number
        bucket, key = bucket_and_key(line.source)
        image = line.image
        yield Example(
            image=StoredImage(bucket, key),
            labels=image.labels if image else (),
            boxes=image.boxes if image else (),
            measured=(float(image.width), float(image.height)) if image and image.width else None,
        )
