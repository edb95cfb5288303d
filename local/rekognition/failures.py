"""Name why a whole training, or a whole change of a dataset, fails.

Codes and messages are those of the Custom Labels guide. A caller sees the message as StatusMessage; the code shows
only in the manifest summary, and there only for failures of content.
"""

from __future__ import annotations

from enum import StrEnum

SERVICE_ISSUE = "Amazon Rekognition experienced a service issue."  # ours, not the data's


class Failure(StrEnum):
    """Why it fails; the value is the message."""

    MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT = "The manifest file extension or contents are invalid."
    EMPTY_MANIFEST = "The manifest file is empty."
    MANIFEST_SIZE_TOO_LARGE = "The manifest file size exceeds the maximum supported size."
    CANNOT_WRITE_OUTPUT_S3_BUCKET = "Unable to write to output S3 bucket."
    INVALID_PERMISSIONS_MANIFEST_S3_BUCKET = "The S3 bucket permissions are incorrect."
    MANIFEST_ROWS_EXCEEDS_MAXIMUM = "The manifest file has too many rows."
    TOO_MANY_RECORDS_IN_ERROR = "The manifest file has too many terminal errors."
    INSUFFICIENT_IMAGES_PER_LABEL_FOR_DISTRIBUTE = (
        "The manifest file doesn't have enough labeled images to distribute the dataset."
    )
    TOO_MANY_INVALID_ROWS_IN_MANIFEST = "The manifest file contains too many invalid rows."
    IMAGES_IN_MULTIPLE_S3_BUCKETS = "The manifest file contains images from multiple S3 buckets."
    INVALID_PERMISSIONS_IMAGES_S3_BUCKET = "The permissions for the images S3 bucket are invalid."
    INVALID_IMAGES_S3_BUCKET_OWNER = "Invalid owner id for images S3 bucket."
    INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT = (
        "The manifest file contains insufficient labeled images per label to perform auto-split."
    )
    MANIFEST_TOO_FEW_LABELS = "The manifest file has too few labels."
    MANIFEST_TOO_MANY_LABELS = "The manifest file has too many labels."
    INSUFFICIENT_LABEL_OVERLAP = "Less than 50% label overlap between the training and testing manifest files."
    MANIFEST_TOO_FEW_USABLE_LABELS = "The manifest file has too few usable labels."
    INSUFFICIENT_USABLE_LABEL_OVERLAP = (
        "Less than 50% usable label overlap between the training and testing manifest files."
    )
    FAILED_IMAGES_S3_COPY = "Failed to copy images from S3 bucket."

    @property
    def code(self) -> str:
        return f"ERROR_{self.name}"


class DataFailedError(Exception):
    """Nothing can be made of a manifest, or the results cannot be written."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure
