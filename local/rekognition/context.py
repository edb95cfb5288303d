"""What the operations work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local.rekognition.human_loops import HumanLoops
from local.rekognition.lifecycle import Version
from local.rekognition.objects import ObjectStore
from local.rekognition.state import State
from local.rekognition.video_jobs import LabelJobs


@dataclass(frozen=True)
class Context:
    """The service's state and its surroundings; one for all requests."""

    state: State
    objects: ObjectStore
    begin_training: Callable[[Version], None]  # in the background
    label_jobs: LabelJobs
    human_loops: HumanLoops
