"""What Custom Labels takes to train with: the developer guide's "Guidelines and quotas", and its pages on manifests."""

from typing import Final

MAX_MANIFEST_BYTES: Final = 1024**3
MAX_LINES: Final = 250_000
MAX_LINE_CHARACTERS: Final = 100_000
MAX_LABELS: Final = 250  # of one data set
MIN_LABELS_TO_CLASSIFY: Final = 2
MIN_LABELS_TO_DETECT: Final = 1  # another page of the guide says the reverse of these two; this is its table of quotas
MAX_LABEL_CHARACTERS: Final = 255  # the API's model; the guide says 256
MAX_LABELS_PER_IMAGE: Final = 50
MAX_BOXES_PER_IMAGE: Final = 50
MAX_TEST_IMAGES_PER_LABEL: Final = 1000
MAX_BAD_SHARE: Final = 0.2  # of the lines; more fail the training
MIN_LABEL_OVERLAP: Final = 0.5  # share of the training labels that the test set must have
MIN_IMAGES_TO_SPLIT: Final = 2  # of each label, where the service puts a part aside for testing

MAX_IMAGE_BYTES: Final = 15 * 1024**2
MIN_SIDE: Final = 64  # pixels
MAX_SIDE: Final = 4096  # pixels
MAX_ASPECT: Final = 20  # longer side to shorter side
TRAINED_SIDE: Final = 1280  # pixels; longer images are shrunk to it before the training
MIN_BOX: Final = 1  # pixel of each side after that; a box must be larger

# Fixed quotas of Mumbai and London, of images to train and to test with.
SMALL_REGIONS: Final = frozenset({"ap-south-1", "eu-west-2"})
MAX_TRAIN_LINES_IN_SMALL_REGIONS: Final = 28_000
MAX_TEST_LINES_IN_SMALL_REGIONS: Final = 7_000

# Not rules but advice. The first is the guide's; the second is ours.
ENOUGH_IMAGES: Final = 10  # of a label
IMBALANCE: Final = 10  # times as many images of the most frequent label as of the rarest


def max_lines(region: str, *, testing: bool) -> int:
    """Return how many images a data set may have in a Region."""
    if region not in SMALL_REGIONS:
        return MAX_LINES
    return MAX_TEST_LINES_IN_SMALL_REGIONS if testing else MAX_TRAIN_LINES_IN_SMALL_REGIONS
