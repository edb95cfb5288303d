"""Lists the images of a start job and puts them into their project's queue, a recorded page at a time."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lambdas.events import DetectionRequest, detection_requested
from lambdas.listings import PAGE, Listing, Listings
from lambdas.names import queue_name
from lambdas.sending import send_all
from lambdas.start_jobs import StartJob, StartJobs
from lambdas.stored_images import list_page

RESERVE_SECONDS: Final = 20.0  # of the function's time: for one page with all its retries

_WORKER: Final = "detect_labels"


class PageUnsentError(Exception):
    """A page could not be sent whole; the message comes back, and with it the page."""


class ListedElsewhereError(Exception):
    """Another delivery lists the same start job; when this one comes back, it finds what that one did."""


@dataclass(frozen=True, kw_only=True)
class Queuer:
    """What queueing works with."""

    s3: Any
    sqs: Any
    deployment: str
    starts: StartJobs
    listings: Listings
    clock: Callable[[], float] = time.time

    def queue(self, start_id: str, seconds_left: Callable[[], float]) -> bool:
        """Go on with the images of a start job; return whether all of them are in the queue now.

        Each step records one page more, so that however often it is called, it comes to an end. Raises
        PageUnsentError, ListedElsewhereError and boto3's errors.
        """
        start, listing = self.starts.get(start_id), self.listings.get(start_id)
        if start is None or listing is None or start.total is not None:
            return True  # expired, or done before
        while True:
            self._send(start, listing)
            if listing.ended:
                break
            if seconds_left() < RESERVE_SECONDS:
                return False
            listing = self._next(listing)
        self.starts.set_total(start_id, listing.total, now=self.clock())
        self.listings.advance(listing.emptied())
        return True

    def _next(self, listing: Listing) -> Listing:
        """List and record the next page."""
        following = listing.followed_by(list_page(self.s3, listing.bucket, listing.prefix, listing.after, PAGE))
        if not self.listings.advance(following):
            raise ListedElsewhereError(f"another delivery has taken step {following.step} of {listing.start_id}")
        return following

    def _send(self, start: StartJob, listing: Listing) -> None:
        """Send the recorded page; what was sent already is the same job again, and harmless."""
        if not listing.page:
            return
        # The start's id is the name of a run: the images are looked at anew, in jobs that count for this start only.
        request = DetectionRequest(project=start.project, run=start.id, start_job_id=start.id, job_tag=start.job_tag)
        bodies = [
            json.dumps(detection_requested(stored.image, stored.size, request), ensure_ascii=False)
            for stored in listing.page
        ]
        url = self.sqs.get_queue_url(QueueName=queue_name(self.deployment, _WORKER, start.project))["QueueUrl"]
        failed = send_all(self.sqs, url, bodies)
        if failed:
            raise PageUnsentError(f"{len(failed)} of {len(bodies)} images could not be sent: {min(failed.values())}")
