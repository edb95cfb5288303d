"""What the operations work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local.rekognition.dataset_lifecycle import Dataset
from local.rekognition.fault_plans import Fault
from local.rekognition.human_loops import HumanLoops
from local.rekognition.lifecycle import Version
from local.rekognition.limits import DEFAULT_LIMITS, DataLimits
from local.rekognition.objects import ObjectStore
from local.rekognition.quotas import NO_QUOTAS, Quotas
from local.rekognition.state import State
from local.rekognition.video_jobs import LabelJobs


@dataclass(frozen=True)
class Context:
    """The service's state and its surroundings; the same for all requests but for `endings`."""

    state: State
    objects: ObjectStore
    begin_training: Callable[[Version], None]  # in the background
    begin_reading: Callable[[Dataset], None]  # likewise
    label_jobs: LabelJobs
    human_loops: HumanLoops
    limits: DataLimits = DEFAULT_LIMITS
    quotas: Quotas = NO_QUOTAS
    endings: Mapping[Fault, str] = field(default_factory=dict)  # how a step that this request begins shall fail
