"""Set the bounds of manifests and of what they describe, as the developer guide's "Guidelines and quotas" does."""

from __future__ import annotations

from dataclasses import dataclass

_SMALL_REGIONS = frozenset({"ap-south-1", "eu-west-2"})


@dataclass(frozen=True)
class DataLimits:
    """The most of everything; tests lower what would take them gigabytes to reach."""

    manifest_bytes: int = 1024**3
    lines: int = 250_000
    training_lines_in_small_regions: int = 28_000
    testing_lines_in_small_regions: int = 7_000
    line_characters: int = 100_000
    labels: int = 250
    label_name_characters: int = 255  # the API's model; the guide says 256
    labels_per_image: int = 50
    boxes_per_image: int = 50
    bad_lines: float = 0.2  # share
    least_overlap: float = 0.5  # share of the training labels that testing must know

    def most_lines(self, region: str, *, testing: bool) -> int:
        """Return how many images a data set may have in this Region."""
        if region not in _SMALL_REGIONS:
            return self.lines
        small = self.testing_lines_in_small_regions if testing else self.training_lines_in_small_regions
        return min(small, self.lines)


DEFAULT_LIMITS = DataLimits()
