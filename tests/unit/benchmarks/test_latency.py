"""The report of two series of seconds."""

from benchmarks.latency import numbers_of


def test_each_percentile_is_held_against_the_floors():
    ours = [0.2] * 98 + [0.3, 0.9]
    floor = [0.1] * 98 + [0.2, 0.2]
    assert numbers_of(ours, floor) == {
        "images": 100,
        "p50_ms": 200.0,
        "p50_floor_ms": 100.0,
        "p50_ratio": 2.0,
        "p99_ms": 300.0,
        "p99_floor_ms": 200.0,
        "p99_ratio": 1.5,
    }
