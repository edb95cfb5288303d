"""Enqueues images that are in a bucket already, as if they had just been uploaded.

Each is the job that its upload is or would be, so that nothing is detected twice, whoever is first. Images whose job
has a result are left out; one that is enqueued twice costs a message and a read.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cli.checkpoint import Checkpoint
from cli.sources import Portion, Refused
from lambdas.events import DetectionRequest, detection_requested
from lambdas.images import job_id
from lambdas.sending import send_all
from lambdas.stored_images import StoredImage

_SAY_SECONDS: Final = 2.0

Progress = Callable[[str], None]


class NothingToResumeError(LookupError):
    """There is no interrupted backfill of this project and source on this machine."""


class SourceOfImages(Protocol):
    """What a backfill reads: see cli/sources.py."""

    @property
    def total(self) -> int | None:
        """How many entries there are, where it is known beforehand."""

    def portions(self, after: Any = None) -> Iterator[Portion]:
        """Yield the images that are after a portion that was done."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many images came to what."""

    queued: int = 0
    known: int = 0  # their job has a result
    skipped: int = 0  # folders of the console, videos, entries that come twice
    refused: tuple[Refused, ...] = ()

    @property
    def looked_at(self) -> int:
        """All of them."""
        return self.queued + self.known + self.skipped + len(self.refused)

    def to_json(self) -> dict[str, Any]:
        """Spell the tally for `--json` and for the checkpoint."""
        refused = [one.to_json() for one in self.refused]
        return {"Queued": self.queued, "HaveResults": self.known, "Skipped": self.skipped, "Failed": refused}


def tally_from_json(said: dict[str, Any]) -> Tally:
    """Read what `Tally.to_json` wrote."""
    return Tally(
        queued=said["Queued"],
        known=said["HaveResults"],
        skipped=said["Skipped"],
        refused=tuple(Refused(one["bucket"], one["key"], one.get("version"), one["error"]) for one in said["Failed"]),
    )


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """What a backfill works with."""

    project: str
    may_read: Callable[[str, str], str | None]  # bucket and key -> why the project may not look at it
    have_results: Callable[[Sequence[str]], frozenset[str]]  # job ids -> those that have
    send: Callable[[Sequence[str]], dict[int, str]]  # bodies -> failures by place
    checkpoint: Checkpoint
    say: Progress
    clock: Callable[[], float] = time.monotonic

    def run(self, source: SourceOfImages, *, resume: bool = False, dry_run: bool = False) -> Tally:
        """Enqueue all images of a source; return what came of them. Interrupted, it can be resumed.

        Raises NothingToResumeError.
        """
        tally, after = self._standing() if resume else (Tally(), None)
        if not (resume or dry_run):
            self.checkpoint.clear()  # an older end that nobody resumed
        meter = _Meter(source.total, tally.looked_at, self.say, self.clock)
        for portion in source.portions(after):
            tally = self._enqueue(portion, tally, dry_run)
            if not dry_run:
                self.checkpoint.save({"After": portion.after, **tally.to_json()})
            meter.show(tally)
        if not dry_run:
            self.checkpoint.clear()
        return tally

    def _standing(self) -> tuple[Tally, Any]:
        saved = self.checkpoint.load()
        if saved is None:
            raise NothingToResumeError(
                f"no interrupted backfill of this source for {self.project} is known on this machine; run it without "
                "--resume: images that have results are left out"
            )
        self.say(f"resuming after {json.dumps(saved['After'], ensure_ascii=False)}")
        return tally_from_json(saved), saved["After"]

    def _enqueue(self, portion: Portion, tally: Tally, dry_run: bool) -> Tally:
        allowed, refused = self._divide(portion.images)
        jobs = {job_id(stored.image, self.project): stored for stored in allowed}
        known = self.have_results(list(jobs))
        fresh = [stored for id_, stored in jobs.items() if id_ not in known]
        failed = {} if dry_run else self.send([self._body(stored) for stored in fresh])
        refused += [_refused(fresh[place], reason) for place, reason in sorted(failed.items())]
        return Tally(
            queued=tally.queued + len(fresh) - len(failed),
            known=tally.known + len(known),
            skipped=tally.skipped + portion.skipped + len(allowed) - len(jobs),
            refused=(*tally.refused, *portion.refused, *refused),
        )

    def _divide(self, images: Sequence[StoredImage]) -> tuple[list[StoredImage], list[Refused]]:
        allowed, refused = [], []
        for stored in images:
            reason = self.may_read(stored.image.bucket, stored.image.key)
            if reason is None:
                allowed.append(stored)
            else:
                refused.append(_refused(stored, reason))
        return allowed, refused

    def _body(self, stored: StoredImage) -> str:
        request = DetectionRequest(project=self.project)
        return json.dumps(detection_requested(stored.image, stored.size, request), ensure_ascii=False)


class _Meter:
    """Says now and then how far it has come and how fast."""

    def __init__(self, total: int | None, before: int, say: Progress, clock: Callable[[], float]) -> None:
        self._total, self._before, self._say, self._clock = total, before, say, clock
        self._began = self._said = clock()

    def show(self, tally: Tally) -> None:
        now = self._clock()
        if now - self._said < _SAY_SECONDS:
            return
        self._said = now
        rate = (tally.looked_at - self._before) / (now - self._began)
        line = f"{tally.looked_at:,} looked at, {tally.queued:,} queued, {len(tally.refused):,} failed, {rate:,.0f}/s"
        if self._total is not None and rate:
            line += f", {max(0, self._total - tally.looked_at) / rate:,.0f} s to go"
        self._say(line)


def send_to(sqs: Any, queue_url: str) -> Callable[[Sequence[str]], dict[int, str]]:
    """Return the sending of bodies to one queue."""
    return lambda bodies: send_all(sqs, queue_url, bodies)


def _refused(stored: StoredImage, reason: str) -> Refused:
    return Refused(stored.image.bucket, stored.image.key, stored.image.version, reason)
