"""The report: keys that are merged."""

import json

from benchmarks.__main__ import NAMES
from benchmarks.report import merge, read


def test_a_benchmark_replaces_its_own_keys_and_leaves_the_others(tmp_path):
    file = tmp_path / "build" / "bench.json"
    merge({"drain": {"1": {"used": 0.5}}, "latency": {"p50_ratio": 1.1}}, file)
    merge({"drain": {"1": {"used": 0.9}}}, file)
    assert json.loads(file.read_text()) == {"drain": {"1": {"used": 0.9}}, "latency": {"p50_ratio": 1.1}}


def test_a_report_of_another_make_is_begun_anew(tmp_path):
    file = tmp_path / "bench.json"
    file.write_text("[1, 2]")
    merge({"drain": {}}, file)
    assert read(file) == {"drain": {}}


def test_every_benchmark_has_its_name():
    assert NAMES == ("stand_in", "overhead", "training", "drain", "latency", "cost", "faults")
