"""Subscribers get what their filter policies let pass: a label of at least a confidence needs one on the body."""

from dataclasses import dataclass
from itertools import permutations

from demo.pictures import Picture, PictureSet
from lambdas.jobs import JobStatus
from lambdas.labels import confidences
from tests.harness import Cloud

Pictures = dict[str, PictureSet]


@dataclass(frozen=True)
class Choice:
    """Two pictures that show a label, the one surely, the other doubtfully beside another label that is sure."""

    label: str
    percent: float  # between the two
    sure: Picture
    doubtful: Picture
    gap: float


def test_who_wants_a_label_of_at_least_a_confidence_gets_only_those_images(trained: Cloud, pictures: Pictures) -> None:
    choice = _choose(_seen(trained, [*pictures["scenes"].unseen, *pictures["scenes"].test]))
    topic = trained.deployment.results_topic_arn
    wanted = {"Confidences": {choice.label: [{"numeric": [">=", choice.percent]}]}}
    with (
        trained.body_subscriber(topic, wanted) as by_body,
        trained.subscriber(topic, Project=["scenes"], Labels=[choice.label]) as by_attributes,
    ):
        doubtful = trained.drop("scenes/filtered/doubtful.jpg", choice.doubtful.body)
        trained.notification_of(by_attributes, doubtful)  # which cannot tell the one from the other
        # Dropped after the other was told of: what was delivered wrongly would be there before it.
        sure = trained.drop("scenes/filtered/sure.jpg", choice.sure.body)
        received = by_body.receive(
            trained.detection_seconds, lambda told: any(it["Image"]["S3ObjectName"] == sure.key for it in told)
        )
    assert [message["Image"]["S3ObjectName"] for message in received] == [sure.key]
    assert received[0]["Confidences"][choice.label] >= choice.percent


def _seen(cloud: Cloud, candidates: list[Picture]) -> list[tuple[Picture, dict[str, float]]]:
    """Return what the model says of the pictures."""
    images = [cloud.drop(f"scenes/candidates/{number}.jpg", picture.body) for number, picture in enumerate(candidates)]
    jobs = [cloud.result_of(image, "scenes") for image in images]
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    return [(picture, confidences(job.outcome)) for picture, job in zip(candidates, jobs, strict=True)]


def _choose(seen: list[tuple[Picture, dict[str, float]]]) -> Choice:
    choices = [
        Choice(label, round((one[label] + other[label]) / 2, 2), sure, doubtful, one[label] - other[label])
        for (sure, one), (doubtful, other) in permutations(seen, 2)
        for label in one.keys() & other.keys()
    ]
    best = max(
        (
            choice
            for choice in choices
            for picture, found in seen
            if picture is choice.doubtful and max(found.values()) >= choice.percent
        ),
        key=lambda choice: choice.gap,
    )
    assert best.gap > 1, f"no label is sure in one picture and doubtful in another: {[found for _, found in seen]}"
    return best
