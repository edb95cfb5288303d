"""Finds the dead-letter queues of a deployment, by their names."""

from dataclasses import dataclass
from typing import Any, Final

from lambdas.names import owner_of_dead_letters, resource_name, source_of

_PAGE: Final = 1000  # queues; where no number is asked for, SQS says nothing of those that it left out


@dataclass(frozen=True, kw_only=True)
class Place:
    """A dead-letter queue, and the queue that its letters came from and go back to."""

    function: str  # that reads the source
    project: str | None  # None: all projects share it
    url: str
    source_url: str

    @property
    def name(self) -> str:
        """What to call it: `detect_labels-digits`, `collect_video`."""
        return f"{self.function}-{self.project}" if self.project else self.function


def find_places(sqs: Any, deployment: str) -> list[Place]:
    """Return a deployment's dead-letter queues that have a source, by project, those that all share last.

    Runs and events that reached no function (`sweep_results_dead`, `train_model_dead`) came from no queue: those are
    left out.
    """
    pages = sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix=resource_name(deployment, ""), PaginationConfig={"PageSize": _PAGE}
    )
    urls = {url.rpartition("/")[2]: url for page in pages for url in page.get("QueueUrls", [])}
    places = []
    for name, url in urls.items():
        owner = owner_of_dead_letters(deployment, name)
        source_url = urls.get(source_of(name, owner[0])) if owner else None
        if owner and source_url:
            places.append(Place(function=owner[0], project=owner[1], url=url, source_url=source_url))
    return sorted(places, key=lambda place: (place.project is None, place.project or "", place.function))
