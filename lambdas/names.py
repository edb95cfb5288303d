"""Names that the stacks, the functions and the command line must spell alike."""

import re
from typing import Final

DEPLOYMENT_PATTERN: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")
PROJECT_PATTERN: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
# Characters of a deployment's and a project's name together: the name of a project's rule, which holds both, may
# have 64.
MAX_NAMES: Final = 40

VIDEOS: Final = "videos"  # first segment of a video's key
UNKNOWN: Final = "unknown"  # stands for the project of a key that no project claims
RESERVED_PROJECTS: Final = frozenset({VIDEOS, UNKNOWN})

TRAIN_MANIFEST: Final = "train.manifest"
TEST_MANIFEST: Final = "test.manifest"

FRAMES_DONE: Final = "frames_done"  # the topic of videos whose frames have all been looked at

# First folders in the results bucket: label lists that are too long for the table, copies with boxes drawn, videos'
# timelines.
LABELS_FOLDER: Final = "labels"
ANNOTATED_FOLDER: Final = "annotated"
TIMELINES_FOLDER: Final = "timelines"
FRAMES_FOLDER: Final = "frames"  # of videos, which their project's own model looks at
RESULT_OBJECTS: Final = (LABELS_FOLDER, ANNOTATED_FOLDER, TIMELINES_FOLDER, FRAMES_FOLDER)

# Attributes of the meter's minute items in the registry, which are all that detect_labels may write there. DynamoDB
# deletes an item some hours after its DeleteAfter. It is not the ExpiresAt of leases, which are read once they expired.
DELETE_AFTER: Final = "DeleteAfter"  # epoch seconds
MINUTE_ATTRIBUTES: Final = ("PK", "SK", "Images", "Throttles", DELETE_AFTER)
# The workflows that start trainings or models.
STARTERS: Final = ("train_model", "run_model", "restore_version")

_JOB_ID: Final = re.compile(r"[0-9a-f]{32}")
# Of a dead-letter queue's name, what follows the deployment's: a function, and whose queue it is where it has many.
_DEAD: Final = re.compile(r"(?P<verb_noun>[a-z]+(?:_[a-z]+)+)_dead(?:-(?P<project>.+))?")

METRICS_NAMESPACE: Final = "CustomLabels"
STACK_PREFIX: Final = "CustomLabels-"


def stack_name(deployment: str, room: str) -> str:
    """Name a stack: `CustomLabels-demo-storage`, `CustomLabels-demo-project-digits`."""
    return f"{STACK_PREFIX}{deployment}-{room}"


def resource_name(deployment: str, verb_noun: str) -> str:
    """Name a function, a state machine or a topic of one deployment."""
    return f"custom-labels-{deployment}-{verb_noun}"


def human_loop_name(deployment: str, job_id: str) -> str:
    """Name the review by people of one job's image: the same for each delivery, so that none begins a second one."""
    return f"{deployment}-{job_id}"


def job_of_human_loop(deployment: str, name: str) -> str | None:
    """Return the id of the job whose image a review is of; None where it is another deployment's, or none of ours."""
    before, _, job_id = name.rpartition("-")
    return job_id if before == deployment and _JOB_ID.fullmatch(job_id) else None


def queue_name(deployment: str, verb_noun: str, project: str) -> str:
    """Name the queue of one project."""
    return f"{resource_name(deployment, verb_noun)}-{project}"


def project_of_queue(deployment: str, verb_noun: str, queue: str) -> str:
    """Return the project whose queue it is, by the queue's name."""
    return queue.removeprefix(queue_name(deployment, verb_noun, ""))


def dead_letter_queue_name(deployment: str, verb_noun: str, project: str) -> str:
    """Name the dead-letter queue that belongs to a project's queue."""
    return f"{resource_name(deployment, verb_noun)}_dead-{project}"


def dead_letter_queue_of(queue: str, verb_noun: str) -> str:
    """Return the name of the dead-letter queue that belongs to a queue, by the queue's name."""
    return queue.replace(f"-{verb_noun}", f"-{verb_noun}_dead", 1)


def source_of(dead_letter_queue: str, verb_noun: str) -> str:
    """Return the name of the queue whose letters a dead-letter queue takes, by the latter's name."""
    return dead_letter_queue.replace(f"-{verb_noun}_dead", f"-{verb_noun}", 1)


def owner_of_dead_letters(deployment: str, queue: str) -> tuple[str, str | None] | None:
    """Return the function and the project whose dead-letter queue it is; None where it is none of the deployment's.

    There is no project where all share the queue. A function's name has an underscore and a deployment's has none: so
    `demo` never takes the queues of `demo-two` for its own.
    """
    prefix = resource_name(deployment, "")
    found = _DEAD.fullmatch(queue.removeprefix(prefix)) if queue.startswith(prefix) else None
    if found is None:
        return None
    project = found["project"]
    return found["verb_noun"], None if project == VIDEOS else project


def rekognition_prefix(deployment: str) -> str:
    """Return what every Rekognition project name of a deployment begins with.

    The dot cannot be part of a deployment's name, so `dev.*` in a policy never covers `dev-two`.
    """
    return f"{deployment}."


def rekognition_project(deployment: str, project: str) -> str:
    """Name a project in Rekognition: `demo.digits`."""
    return rekognition_prefix(deployment) + project
