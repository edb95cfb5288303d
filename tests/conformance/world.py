"""Furnish a service for each operation: the things that a request of it can name and succeed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.unit.rekognition.rekognition_bench import ACCOUNT, REGION, Bench, asset, drawing, put_drawings, shapes_data

# Long enough for every state of data sets, jobs and copies to settle, by the bench's clock.
_SETTLED = 3600.0
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class World:
    """A service of its own for one operation, and one request that succeeds."""

    bench: Bench
    request: dict[str, Any]


def furnish(operation: str) -> World:
    """Return a service on which the operation's request succeeds.

    AssertionError: a step of the preparation was refused; the message holds the answer.
    """
    bench = Bench()
    return World(bench, _REQUESTS[operation](bench))


def _image(bench: Bench) -> dict[str, Any]:
    bench.objects.write("data", "image.png", drawing("disc", 1, size=(120, 120)), "image/png")
    return {"S3Object": {"Bucket": "data", "Name": "image.png"}}


def _project(bench: Bench, name: str = "shapes") -> str:
    return str(bench.call("CreateProject", ProjectName=name)["ProjectArn"])


def _version(bench: Bench, project: str) -> str:
    arn = bench.create_version(project, **shapes_data(bench))
    status = bench.trained(arn)["Status"]
    assert status == "TRAINING_COMPLETED", status
    return arn


def _running(bench: Bench) -> str:
    arn = _version(bench, _project(bench))
    bench.run(arn)
    return arn


def _source(bench: Bench, key: str = "set.manifest") -> dict[str, Any]:
    return dict(bench.put_manifest(key, put_drawings(bench, "set", 20))["Assets"][0])


def _dataset(bench: Bench, project: str, kind: str = "TRAIN", **more: Any) -> str:
    return bench.created_dataset(ProjectArn=project, DatasetType=kind, **more)


def _train_set(bench: Bench) -> str:
    return _dataset(bench, _project(bench), DatasetSource=_source(bench))


def _create_dataset(bench: Bench) -> dict[str, Any]:
    return {"ProjectArn": _project(bench), "DatasetType": "TRAIN", "DatasetSource": _source(bench)}


def _update_entries(bench: Bench) -> dict[str, Any]:
    lines = "\n".join(put_drawings(bench, "more", 2)).encode()
    return {"DatasetArn": _train_set(bench), "Changes": {"GroundTruth": base64.b64encode(lines).decode()}}


def _distribute(bench: Bench) -> dict[str, Any]:
    project = _project(bench)
    train, test = _dataset(bench, project, DatasetSource=_source(bench)), _dataset(bench, project, "TEST")
    return {"Datasets": [{"Arn": train}, {"Arn": test}]}


def _create_version(bench: Bench) -> dict[str, Any]:
    # The manifest is empty: what is asked for is accepted and nothing is learned.
    bench.put_manifest("empty.manifest", [])
    return {
        "ProjectArn": _project(bench),
        "VersionName": "v1",
        "OutputConfig": {"S3Bucket": "out"},
        "TrainingData": {"Assets": [asset("data", "empty.manifest")]},
        "TestingData": {"AutoCreate": True},
    }


def _describe_versions(bench: Bench) -> dict[str, Any]:
    project = _project(bench)
    _version(bench, project)
    return {"ProjectArn": project}


def _copy(bench: Bench) -> dict[str, Any]:
    source = _project(bench)
    return {
        "SourceProjectArn": source,
        "SourceProjectVersionArn": _version(bench, source),
        "DestinationProjectArn": _project(bench, "copies"),
        "VersionName": "copy",
        "OutputConfig": {"S3Bucket": "out"},
    }


def _video(bench: Bench) -> dict[str, Any]:
    from tests.unit.rekognition.drawn_videos import video

    bench.objects.write("data", "video.mp4", video(seconds=0.5), "video/mp4")
    return {"Video": {"S3Object": {"Bucket": "data", "Name": "video.mp4"}}}


def _job(bench: Bench) -> dict[str, Any]:
    """Start a job and wait for its real work."""
    job = {"JobId": bench.call("StartLabelDetection", **_video(bench))["JobId"]}
    bench.clock.pass_(_SETTLED)
    patience = time.monotonic() + _PATIENCE_SECONDS
    while (status := bench.call("GetLabelDetection", **job)["JobStatus"]) == "IN_PROGRESS":
        assert time.monotonic() < patience, "the video is still being looked at"
        time.sleep(0.02)
    assert status == "SUCCEEDED", status
    return job


def _tagged(bench: Bench) -> str:
    return str(bench.call("CreateProject", ProjectName="shapes", Tags={"team": "a"})["ProjectArn"])


def _policy(bench: Bench) -> dict[str, Any]:
    project = _project(bench)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "rekognition:CopyProjectVersion",
        "Resource": f"arn:aws:rekognition:{REGION}:{ACCOUNT}:project/shapes/version/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"ProjectArn": project, "PolicyName": "copies", "PolicyDocument": document}


def _put_policy(bench: Bench) -> dict[str, Any]:
    policy = _policy(bench)
    bench.call("PutProjectPolicy", **policy)
    return policy


def _list_policies(bench: Bench) -> dict[str, Any]:
    return {"ProjectArn": _put_policy(bench)["ProjectArn"]}


def _delete_policy(bench: Bench) -> dict[str, Any]:
    policy = _put_policy(bench)
    return {"ProjectArn": policy["ProjectArn"], "PolicyName": policy["PolicyName"]}


def _describe_projects(bench: Bench) -> dict[str, Any]:
    _project(bench)
    return {}


_REQUESTS: Mapping[str, Callable[[Bench], dict[str, Any]]] = {
    "CreateProject": lambda _: {"ProjectName": "shapes"},
    "DescribeProjects": _describe_projects,
    "DeleteProject": lambda bench: {"ProjectArn": _project(bench)},
    "CreateDataset": _create_dataset,
    "DescribeDataset": lambda bench: {"DatasetArn": _train_set(bench)},
    "DeleteDataset": lambda bench: {"DatasetArn": _train_set(bench)},
    "ListDatasetEntries": lambda bench: {"DatasetArn": _train_set(bench)},
    "ListDatasetLabels": lambda bench: {"DatasetArn": _train_set(bench)},
    "UpdateDatasetEntries": _update_entries,
    "DistributeDatasetEntries": _distribute,
    "CreateProjectVersion": _create_version,
    "DescribeProjectVersions": _describe_versions,
    "StartProjectVersion": lambda bench: {
        "ProjectVersionArn": _version(bench, _project(bench)),
        "MinInferenceUnits": 1,
    },
    "StopProjectVersion": lambda bench: {"ProjectVersionArn": _running(bench)},
    "DeleteProjectVersion": lambda bench: {"ProjectVersionArn": _version(bench, _project(bench))},
    "CopyProjectVersion": _copy,
    "DetectCustomLabels": lambda bench: {"ProjectVersionArn": _running(bench), "Image": _image(bench)},
    "DetectModerationLabels": lambda bench: {"Image": _image(bench)},
    "DetectLabels": lambda bench: {"Image": _image(bench)},
    "StartLabelDetection": _video,
    "GetLabelDetection": _job,
    "TagResource": lambda bench: {"ResourceArn": _project(bench), "Tags": {"team": "a"}},
    "UntagResource": lambda bench: {"ResourceArn": _tagged(bench), "TagKeys": ["team"]},
    "ListTagsForResource": lambda bench: {"ResourceArn": _tagged(bench)},
    "PutProjectPolicy": _policy,
    "ListProjectPolicies": _list_policies,
    "DeleteProjectPolicy": _delete_policy,
}
