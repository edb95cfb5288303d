"""Name the operations that are served, and what answers each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.rekognition import (
    copying,
    dataset_reports,
    datasets,
    detection,
    label_detection,
    moderation,
    policies,
    projects,
    tags,
    versions,
    video_detection,
)
from local.rekognition.context import Context
from local.rekognition.state import Caller

OPERATIONS: Mapping[str, Callable[[Context, Caller, dict[str, Any]], dict[str, Any]]] = {
    "CreateProject": projects.create_project,
    "DescribeProjects": projects.describe_projects,
    "DeleteProject": projects.delete_project,
    "CreateDataset": datasets.create_dataset,
    "DescribeDataset": dataset_reports.describe_dataset,
    "DeleteDataset": datasets.delete_dataset,
    "ListDatasetEntries": dataset_reports.list_dataset_entries,
    "ListDatasetLabels": dataset_reports.list_dataset_labels,
    "UpdateDatasetEntries": datasets.update_dataset_entries,
    "DistributeDatasetEntries": datasets.distribute_dataset_entries,
    "CreateProjectVersion": versions.create_project_version,
    "DescribeProjectVersions": versions.describe_project_versions,
    "DeleteProjectVersion": versions.delete_project_version,
    "StartProjectVersion": versions.start_project_version,
    "StopProjectVersion": versions.stop_project_version,
    "CopyProjectVersion": copying.copy_project_version,
    "DetectCustomLabels": detection.detect_custom_labels,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutProjectPolicy": policies.put_project_policy,
    "ListProjectPolicies": policies.list_project_policies,
    "DeleteProjectPolicy": policies.delete_project_policy,
    "DetectLabels": label_detection.detect_labels,
    "DetectModerationLabels": moderation.detect_moderation_labels,
    "StartLabelDetection": video_detection.start_label_detection,
    "GetLabelDetection": video_detection.get_label_detection,
}
