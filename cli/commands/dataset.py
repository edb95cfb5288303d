"""dataset: make, judge and upload data sets."""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cli.command_line import CommandLine, WrongCommandLineError
from cli.datasets.assembling import FORMATS, Assembled, assemble, judge, read_examples
from cli.datasets.contact_sheet import write_contact_sheet
from cli.datasets.examples import ImportFailedError
from cli.datasets.linting import lint_file, lint_stored
from cli.datasets.places import Place
from cli.datasets.progress import Progress
from cli.datasets.putting import Put, put_dataset
from cli.datasets.reports import report_lines
from cli.deployment import Clients, Deployment, find_deployment
from cli.output import say, show
from lambdas.datasets.labelled import LabelledImage, bucket_and_key
from lambdas.datasets.lint import Report

_STORED: Final = re.compile(r"(?P<project>[a-z][a-z0-9-]*)/(?P<name>[A-Za-z0-9_.-]+)")
_TOLD: Final = 10  # images that cannot be used, of which the first are named
_NOWHERE: Final = Place("datasets", "project", "name")  # stands for the place of what is not uploaded


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    group = commands.add_group("dataset", "Make, judge and upload data sets.")
    putting = group.add(put)
    putting.add_argument("project", metavar="PROJECT")
    putting.add_argument("dataset", metavar="NAME", help="letters, digits, '.', '_' and '-'")
    _add_origin(putting, required=True)
    putting.add_argument("path", metavar="PATH", help="the folder or file; a manifest may be s3://BUCKET/KEY")
    putting.add_argument("--freeze-test", metavar="DATASET", help="test with the test set of that data set of PROJECT")
    putting.add_argument("--no-train", action="store_true", help="upload all, but start no training")
    putting.add_argument("--leave-out-bad", action="store_true", help="leave out images that cannot be used")
    linting = group.add_undeployed(lint)
    linting.add_argument(
        "what", metavar="PATH|PROJECT/NAME", help="labelled data here, or a data set that was uploaded"
    )
    _add_origin(linting, required=False)
    linting.add_argument("--picture", metavar="FILE", type=Path, help="write a PNG with examples of each label")


def put(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Upload labelled pictures as a data set, and start its training.

    Pictures that the service cannot read are converted. What is uploaded already is not sent again, so an upload
    that was interrupted is resumed by the same command. Nothing is uploaded where the training would fail.
    """
    deployment.project(options.project)
    place = Place(deployment.datasets_bucket, options.project, options.dataset)
    freeze = Place(place.bucket, place.project, options.freeze_test) if options.freeze_test else None
    s3 = clients("s3")
    with _assembled(options, s3, options.said, options.path, freeze) as assembled:
        report = judge(assembled, place, s3.meta.region_name)
        if report.failures or (assembled.refused and not options.leave_out_bad):
            if assembled.refused and not options.leave_out_bad:
                say("nothing was uploaded: mend these images, or say --leave-out-bad")
            show(options, _json(assembled, report), report_lines(report))
            return 1
        done = put_dataset(s3, place, assembled, _told, train=not options.no_train)
    show(options, _json(assembled, report) | _put_json(done), _put_lines(options, assembled, done))
    return 0


def lint(options: argparse.Namespace, clients: Clients) -> int:
    """Judge a data set by the rules of the service, before a training is paid for.

    PATH is judged as `put` would upload it, or as it is where it is a manifest. Exit code 1: the training would fail,
    or lose lines or boxes.
    """
    s3 = clients("s3")
    path = Path(options.what)
    if not path.exists():
        stored = _STORED.fullmatch(options.what)
        if not stored:
            raise ImportFailedError(f"{options.what}: no such file or folder, and no PROJECT/NAME of a data set")
        deployment = find_deployment(clients, options.deployment)
        deployment.project(stored["project"])
        linted = lint_stored(s3, Place(deployment.datasets_bucket, stored["project"], stored["name"]), _told)
        return _judged(options, linted.report, [], linted.images, lambda image: _read(s3, image))
    said = options.said or _guessed(path)
    if said == "manifest":
        linted = lint_file(s3, path, _told)
        return _judged(options, linted.report, [], linted.images, lambda image: _read(s3, image))
    with _assembled(options, s3, said, options.what, None) as assembled:
        both = [*assembled.split.train, *assembled.split.test]
        paths = {one.name: one.path for one in both}
        images = [one.labelled(_NOWHERE.uri(_NOWHERE.image(one.name))) for one in both]
        report = judge(assembled, _NOWHERE, s3.meta.region_name)
        refused = [_refusal(one) for one in assembled.refused]
        return _judged(
            options, report, refused, images, lambda image: paths[image.source.rpartition("/")[2]].read_bytes()
        )


def _add_origin(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--from", dest="said", choices=FORMATS, required=required, help="what PATH is")
    parser.add_argument("--images", metavar="FOLDER", type=Path, help="of the images that a COCO or CSV file names")
    parser.add_argument(
        "--test-share", type=_share, default=0.2, metavar="SHARE", help="of the images, to test with (default: 0.2)"
    )


def _share(said: str) -> float:
    share = float(said)
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{said} is not between 0 and 1")
    return share


def _guessed(path: Path) -> str:
    """Tell what labelled data in a path is, by its name."""
    if path.is_dir():
        described = any(path.glob("*.y*ml")) or (path / "classes.txt").exists() or (path / "obj.names").exists()
        return "yolo" if described else "folder"
    guesses = {".json": "coco", ".csv": "csv", ".tsv": "csv", ".yaml": "yolo", ".yml": "yolo"}
    guesses |= {".manifest": "manifest", ".jsonl": "manifest"}
    if path.suffix.lower() not in guesses:
        raise WrongCommandLineError(f"what is {path}? Say --from {'|'.join(FORMATS)}")
    return guesses[path.suffix.lower()]


@contextmanager
def _assembled(
    options: argparse.Namespace, s3: Any, said: str, where: str, freeze: Place | None
) -> Iterator[Assembled]:
    """Read labelled data and prepare its pictures, with a folder for copies that lasts as long as the block."""
    examples = read_examples(s3, said, where, options.images)
    with tempfile.TemporaryDirectory(prefix="customlabels-") as folder:
        assembled = assemble(s3, examples, Path(folder), _told, test_share=options.test_share, freeze=freeze)
        for line in _notes(assembled):
            say(line)
        yield assembled


def _told(what: str, pieces: int) -> Callable[[int], None]:
    return Progress(what, pieces, out=sys.stderr).add


def _notes(assembled: Assembled) -> Iterator[str]:
    both = [*assembled.split.train, *assembled.split.test]
    changed = [one for one in both if one.changes]
    if changed:
        one = changed[0]
        yield f"{len(changed):,} pictures are converted, {one.example.image} is one: {', '.join(one.changes)}"
    if assembled.unlabelled:
        yield f"{assembled.unlabelled:,} images have no label and are left out: training would pass over them"
    if assembled.copies:
        yield f"{assembled.copies:,} images are copies of others: each content is uploaded once, with all its labels"
    if assembled.split.in_frozen_test:
        count = len(assembled.split.in_frozen_test)
        yield f"{count:,} images are left out: the frozen test set has them, or pictures nearly the same"
    for refused in assembled.refused[:_TOLD]:
        yield f"{refused.example.image}: {refused.problem}"
    if len(assembled.refused) > _TOLD:
        yield f"... and {len(assembled.refused) - _TOLD:,} images more that cannot be used"


def _judged(
    options: argparse.Namespace,
    report: Report,
    refused: Sequence[dict[str, str]],
    images: Sequence[LabelledImage],
    opened: Callable[[LabelledImage], bytes],
) -> int:
    show(options, report.to_json() | {"Refused": refused}, report_lines(report))
    if options.picture:
        try:
            write_contact_sheet(options.picture, _title(report), images, opened)
        except OSError as error:
            raise ImportFailedError(f"{options.picture} cannot be written: {error}") from error
        say(f"examples of each label are in {options.picture}")
    return 1 if report.has_errors or refused else 0


def _title(report: Report) -> str:
    test = f", {report.test.lines:,} to test with" if report.test else ""
    return f"{report.kind}: {len(report.train.images)} labels, {report.train.lines:,} images to train with{test}"


def _read(s3: Any, image: LabelledImage) -> bytes:
    bucket, key = bucket_and_key(image.source)
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def _refusal(refused: Any) -> dict[str, str]:
    return {"Image": str(refused.example.image), "Problem": refused.problem}


def _json(assembled: Assembled, report: Report) -> dict[str, Any]:
    return {"Report": report.to_json(), "Refused": [_refusal(one) for one in assembled.refused]}


def _put_json(done: Put) -> dict[str, Any]:
    return {
        "Manifest": done.manifest,
        "StartsTraining": done.starts_training,
        "Unchanged": done.unchanged,
        "Uploaded": done.uploaded.sent,
        "UploadedBytes": done.uploaded.sent_bytes,
        "Skipped": done.uploaded.skipped,
    }


def _put_lines(options: argparse.Namespace, assembled: Assembled, done: Put) -> Iterator[str]:
    train, test = len(assembled.split.train), len(assembled.split.test) + len(assembled.frozen)
    yield f"{done.manifest}: {train:,} images to train with, {test:,} to test with"
    yield f"{done.uploaded.sent:,} images uploaded, {done.uploaded.skipped:,} were there already"
    again = f"customlabels train {options.project} {options.dataset} --run NAME"
    if done.unchanged and not options.no_train:
        yield f"This very data set was there, and was trained when it came. To train it once more: {again}"
    elif done.starts_training:
        yield f"Its training starts now: customlabels models {options.project}"
    else:
        yield "No training was started. The same command without --no-train starts it."
