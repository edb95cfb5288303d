"""The log of detections: what tests and benchmarks count capacity and throttles by."""

from __future__ import annotations

import json

import pytest
from rekognition_bench import ACCOUNT, REGION, drawing

from local.rekognition import protocol
from local.rekognition.control import control
from local.rekognition.detection_log import ANSWERED, CUT, Detection
from local.rekognition.fault_plans import Fault, FaultPlan, Rule


@pytest.fixture
def running(bench, version):
    bench.run(version)
    return version


def test_every_detection_is_noted_with_its_end(bench, running):
    bench.service.faults.follow(
        FaultPlan((Rule(Fault.THROTTLING, on=frozenset({2})), Rule(Fault.CONNECTION_CUT, on=frozenset({3}))))
    )
    image = drawing("disc", 555)
    bench.detect(running, image)
    at = bench.clock()
    bench.clock.pass_(7)
    request = {"ProjectVersionArn": running, "Image": {"S3Object": {"Bucket": "pictures", "Name": "disc"}}}
    bench.send("DetectCustomLabels", **request)
    target, body = "RekognitionService.DetectCustomLabels", json.dumps(request).encode()
    assert bench.service.answer(target, body, account=ACCOUNT, region=REGION) == protocol.CUT
    assert bench.service.detections.calls() == [
        Detection(at, running, ANSWERED),
        Detection(at + 7, running, "ThrottlingException"),
        Detection(at + 7, running, CUT),
    ]


def test_the_log_is_read_over_the_control_path_and_a_reset_forgets_it(bench, running):
    bench.detect(running, drawing("disc", 555))
    (call,) = json.loads(control(bench.service, "GET", "/_local/detections", b"").body)["detections"]
    assert call == {"at": bench.clock(), "version": running, "outcome": "ANSWERED"}
    control(bench.service, "POST", "/_local/reset", b"")
    assert json.loads(control(bench.service, "GET", "/_local/detections", b"").body) == {"detections": []}


def test_other_operations_are_not_noted(bench):
    bench.call("DescribeProjects")
    assert bench.service.detections.calls() == []
