"""What can be wrong with a data set: a code, how much it weighs, what it means, and the remedy.

Codes that begin with ERROR_ and WARNING_ are the service's own, of the guide's "Debugging a failed model training".
Those that begin with LINT_ are ours: rules and advice that the service has no code for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Weight(StrEnum):
    """What comes of a finding, the worst first."""

    FAILS = "fails"  # the training
    LOST = "lost"  # the line, or a box of it; more than 20 % of lines fail the training
    IGNORED = "ignored"  # the line, and it does not count as a bad one
    ADVICE = "advice"  # trained as it is; the model may be worse for it

    @property
    def is_error(self) -> bool:
        return self in (Weight.FAILS, Weight.LOST)


@dataclass(frozen=True)
class Rule:
    """One code's weight, meaning and remedy."""

    weight: Weight
    said: str
    remedy: str


class Code(StrEnum):
    """Everything that is looked for."""

    # of a whole manifest
    ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT = "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT"
    ERROR_EMPTY_MANIFEST = "ERROR_EMPTY_MANIFEST"
    ERROR_MANIFEST_SIZE_TOO_LARGE = "ERROR_MANIFEST_SIZE_TOO_LARGE"
    ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM = "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM"
    ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST = "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"
    ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS = "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS"
    ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET = "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET"
    ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT = "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT"
    ERROR_MANIFEST_TOO_FEW_LABELS = "ERROR_MANIFEST_TOO_FEW_LABELS"
    ERROR_MANIFEST_TOO_MANY_LABELS = "ERROR_MANIFEST_TOO_MANY_LABELS"
    ERROR_MANIFEST_TOO_FEW_USABLE_LABELS = "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS"
    ERROR_INSUFFICIENT_LABEL_OVERLAP = "ERROR_INSUFFICIENT_LABEL_OVERLAP"
    ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP = "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP"
    LINT_TEST_IMAGES_IN_TRAINING = "LINT_TEST_IMAGES_IN_TRAINING"
    # of a line
    ERROR_INVALID_JSON_LINE = "ERROR_INVALID_JSON_LINE"
    ERROR_MISSING_SOURCE_REF = "ERROR_MISSING_SOURCE_REF"
    ERROR_INVALID_SOURCE_REF_FORMAT = "ERROR_INVALID_SOURCE_REF_FORMAT"
    ERROR_NO_LABEL_ATTRIBUTES = "ERROR_NO_LABEL_ATTRIBUTES"
    ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"
    ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    ERROR_NO_VALID_LABEL_ATTRIBUTES = "ERROR_NO_VALID_LABEL_ATTRIBUTES"
    ERROR_MISSING_BOUNDING_BOX_CONFIDENCE = "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"
    ERROR_MISSING_CLASS_MAP_ID = "ERROR_MISSING_CLASS_MAP_ID"
    ERROR_NO_VALID_ANNOTATIONS = "ERROR_NO_VALID_ANNOTATIONS"
    ERROR_INVALID_IMAGE = "ERROR_INVALID_IMAGE"
    ERROR_INVALID_IMAGE_DIMENSION = "ERROR_INVALID_IMAGE_DIMENSION"
    ERROR_INVALID_BOUNDING_BOX = "ERROR_INVALID_BOUNDING_BOX"
    ERROR_BOUNDING_BOX_TOO_SMALL = "ERROR_BOUNDING_BOX_TOO_SMALL"
    ERROR_TOO_MANY_BOUNDING_BOXES = "ERROR_TOO_MANY_BOUNDING_BOXES"
    ERROR_UNSUPPORTED_USE_CASE_TYPE = "ERROR_UNSUPPORTED_USE_CASE_TYPE"
    ERROR_INVALID_LABEL_NAME_LENGTH = "ERROR_INVALID_LABEL_NAME_LENGTH"
    WARNING_UNANNOTATED_RECORD = "WARNING_UNANNOTATED_RECORD"
    WARNING_NO_ANNOTATIONS = "WARNING_NO_ANNOTATIONS"
    WARNING_NO_ATTRIBUTE_ANNOTATIONS = "WARNING_NO_ATTRIBUTE_ANNOTATIONS"
    LINT_LINE_TOO_LONG = "LINT_LINE_TOO_LONG"
    LINT_DUPLICATE_SOURCE_REF = "LINT_DUPLICATE_SOURCE_REF"
    LINT_DUPLICATE_IMAGE = "LINT_DUPLICATE_IMAGE"
    LINT_CONFLICTING_LABELS = "LINT_CONFLICTING_LABELS"
    LINT_OTHER_IMAGE_SIZE = "LINT_OTHER_IMAGE_SIZE"
    LINT_NOT_AS_PEOPLE_SEE_IT = "LINT_NOT_AS_PEOPLE_SEE_IT"
    # of the labels
    LINT_FEW_IMAGES_OF_A_LABEL = "LINT_FEW_IMAGES_OF_A_LABEL"
    LINT_CLASS_IMBALANCE = "LINT_CLASS_IMBALANCE"
    LINT_LABEL_WITHOUT_TEST_IMAGE = "LINT_LABEL_WITHOUT_TEST_IMAGE"
    LINT_LABEL_ONLY_IN_TEST = "LINT_LABEL_ONLY_IN_TEST"
    LINT_TOO_MANY_TEST_IMAGES_OF_A_LABEL = "LINT_TOO_MANY_TEST_IMAGES_OF_A_LABEL"
    LINT_LABELS_ALIKE = "LINT_LABELS_ALIKE"
    LINT_MIXED_KINDS = "LINT_MIXED_KINDS"

    @property
    def rule(self) -> Rule:
        return RULES[self]


_F, _L, _I, _A = Weight.FAILS, Weight.LOST, Weight.IGNORED, Weight.ADVICE

RULES: Final[Mapping[Code, Rule]] = {
    Code.ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT: Rule(
        _F, "the manifest is no text in UTF-8", "write one JSON object a line, in UTF-8"
    ),
    Code.ERROR_EMPTY_MANIFEST: Rule(_F, "the manifest has no lines", "write one JSON line an image"),
    Code.ERROR_MANIFEST_SIZE_TOO_LARGE: Rule(_F, "the manifest has more than 1 GB", "leave out images or attributes"),
    Code.ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM: Rule(_F, "the manifest has too many lines", "leave out images"),
    Code.ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST: Rule(
        _F, "more than 20 % of the lines cannot be used", "mend the lines that are listed, or leave them out"
    ),
    Code.ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS: Rule(
        _F, "the images are in several buckets", "put all images into the datasets bucket"
    ),
    Code.ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET: Rule(
        _F, "the images are in a bucket that training may not read", "put all images into the datasets bucket"
    ),
    Code.ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT: Rule(
        _F, "a label has too few images to set one aside for testing", "add images of it, or write a test.manifest"
    ),
    Code.ERROR_MANIFEST_TOO_FEW_LABELS: Rule(
        _F, "the manifest has too few labels", "label at least two kinds of images, or one kind of boxes"
    ),
    Code.ERROR_MANIFEST_TOO_MANY_LABELS: Rule(
        _F, "the manifest has more than 250 labels", "merge labels, or split the project"
    ),
    Code.ERROR_MANIFEST_TOO_FEW_USABLE_LABELS: Rule(
        _F, "too few labels are left once what cannot be used is dropped", "mend the lines that are listed"
    ),
    Code.ERROR_INSUFFICIENT_LABEL_OVERLAP: Rule(
        _F, "the test set has less than half of the training set's labels", "add test images of the labels named"
    ),
    Code.ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP: Rule(
        _F, "less than half of the labels are left in the test set", "mend the test lines that are listed"
    ),
    Code.LINT_TEST_IMAGES_IN_TRAINING: Rule(
        _F,
        "test images are in the training set too: the scores would be those of a model that knows the answers",
        "take them out of one of the two sets",
    ),
    Code.ERROR_INVALID_JSON_LINE: Rule(_L, "the line is no JSON object", "write one JSON object a line"),
    Code.ERROR_MISSING_SOURCE_REF: Rule(_L, "the line has no source-ref", 'add "source-ref": "s3://BUCKET/KEY"'),
    Code.ERROR_INVALID_SOURCE_REF_FORMAT: Rule(
        _L, "the source-ref is not s3://BUCKET/KEY", "spell it as s3://BUCKET/KEY"
    ),
    Code.ERROR_NO_LABEL_ATTRIBUTES: Rule(
        _L, "nothing on the line has metadata", "add a label attribute, and NAME-metadata beside each NAME"
    ),
    Code.ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT: Rule(
        _L, "an attribute with boxes is malformed", "give it image_size and annotations of numbers"
    ),
    Code.ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT: Rule(
        _L, "the metadata of an attribute is malformed", "give it type, and class-name and confidence, or class-map"
    ),
    Code.ERROR_NO_VALID_LABEL_ATTRIBUTES: Rule(
        _L, "no label of the line can be used", "mend what else is listed of this line"
    ),
    Code.ERROR_MISSING_BOUNDING_BOX_CONFIDENCE: Rule(
        _L, "a box has no confidence", "give the metadata's objects one {confidence: 1} for each box"
    ),
    Code.ERROR_MISSING_CLASS_MAP_ID: Rule(_L, "a box's class_id is not in the class-map", "add it to the class-map"),
    Code.ERROR_NO_VALID_ANNOTATIONS: Rule(_L, "no box of an attribute can be used", "mend its boxes"),
    Code.ERROR_INVALID_IMAGE: Rule(
        _L, "the image is missing, unreadable, or no PNG or JPEG of up to 15 MB", "upload it again, or leave it out"
    ),
    Code.ERROR_INVALID_IMAGE_DIMENSION: Rule(
        _L, "the image is not within 64 to 4,096 pixels a side and 20 to 1", "resize it, or leave it out"
    ),
    Code.ERROR_INVALID_BOUNDING_BOX: Rule(_L, "a box leaves its image", "cut it off at the image's edge"),
    Code.ERROR_BOUNDING_BOX_TOO_SMALL: Rule(
        _L,
        "a box is a pixel or less once training has shrunk the image to 1,280",
        "cut the image into pieces, or leave the box out",
    ),
    Code.ERROR_TOO_MANY_BOUNDING_BOXES: Rule(_L, "the image has more than 50 boxes", "cut the image into pieces"),
    Code.ERROR_UNSUPPORTED_USE_CASE_TYPE: Rule(
        _L, "the type of an attribute is not supported", "use image-classification or object-detection"
    ),
    Code.ERROR_INVALID_LABEL_NAME_LENGTH: Rule(
        _L, "a label's name does not have 1 to 255 characters", "shorten the name"
    ),
    Code.WARNING_UNANNOTATED_RECORD: Rule(_I, "the line has an image and no label", "label it, or leave it out"),
    Code.WARNING_NO_ANNOTATIONS: Rule(_I, "the line says that nothing is on the image", "leave it out"),
    Code.WARNING_NO_ATTRIBUTE_ANNOTATIONS: Rule(_I, "an attribute has no boxes", "leave it out"),
    Code.LINT_LINE_TOO_LONG: Rule(
        _L, "the line has more than 100,000 characters", "leave out boxes, or attributes that training does not use"
    ),
    Code.LINT_DUPLICATE_SOURCE_REF: Rule(
        _L, "an earlier line has the same source-ref", "put all labels of an image on one line"
    ),
    Code.LINT_DUPLICATE_IMAGE: Rule(
        _A, "an earlier image has the same content", "leave one out: it counts twice in training"
    ),
    Code.LINT_CONFLICTING_LABELS: Rule(
        _A, "an earlier image with the same content has other labels", "decide which labels are right"
    ),
    Code.LINT_OTHER_IMAGE_SIZE: Rule(
        _A, "the image has another size than its line says, so its boxes may be elsewhere", "correct image_size"
    ),
    Code.LINT_NOT_AS_PEOPLE_SEE_IT: Rule(
        _A,
        "the image has EXIF rotation, transparency, a palette or further frames; training may see something else",
        "save it upright, in 8-bit colour: `customlabels dataset put` does",
    ),
    Code.LINT_FEW_IMAGES_OF_A_LABEL: Rule(_A, "a label has fewer than 10 images", "add images of it"),
    Code.LINT_CLASS_IMBALANCE: Rule(
        _A, "a label has more than ten times as many images as another", "add images of the rare label"
    ),
    Code.LINT_LABEL_WITHOUT_TEST_IMAGE: Rule(
        _A, "a label has no test image, so its score means nothing", "add test images of it"
    ),
    Code.LINT_LABEL_ONLY_IN_TEST: Rule(
        _A, "a label is in the test set only, so no model can know it", "add training images of it"
    ),
    Code.LINT_TOO_MANY_TEST_IMAGES_OF_A_LABEL: Rule(
        _A, "a label has more than 1,000 test images, the documented limit", "leave some out"
    ),
    Code.LINT_LABELS_ALIKE: Rule(
        _A, "two labels differ in case, spaces or punctuation only", "spell them alike, if one is meant"
    ),
    Code.LINT_MIXED_KINDS: Rule(
        _A, "some lines have labels of the whole image and some have boxes; training uses one kind", "keep one kind"
    ),
}

# Codes of the service that nothing here can foresee, and why not.
NOT_FORESEEN: Final[Mapping[str, str]] = {
    "ERROR_CANNOT_WRITE_OUTPUT_S3_BUCKET": "the output bucket is the deployment's own",
    "ERROR_INVALID_PERMISSIONS_MANIFEST_S3_BUCKET": "a manifest that may not be read is told in S3's own words",
    "ERROR_INVALID_IMAGES_S3_BUCKET_OWNER": "images in any bucket but the deployment's are refused already",
    "ERROR_FAILED_IMAGES_S3_COPY": "it tells of a failure within the service",
    "ERROR_TOO_MANY_RECORDS_IN_ERROR": "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST, where a data set is created",
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE": (
        "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT, where a data set is distributed"
    ),
}
