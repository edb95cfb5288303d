"""The report of what the handler costs."""

from benchmarks.overhead import Took, numbers_of

COLD = {
    "compiled anew": {"handler": Took(0.9, 1.0), "floor": Took(0.3, 0.5)},
    "with bytecode": {"handler": Took(0.6, 0.8), "floor": Took(0.4, 0.5)},
}
WARM = {
    "small.jpg": {"handler": 0.012, "calls": 0.01},
    "large.jpg": {"handler": 0.03, "calls": 0.02},
    "phone.webp": {"handler": 0.3, "calls": 0.05},
}
SIZES = {"small.jpg": 36_600, "large.jpg": 1_494_900, "phone.webp": 1_493_000}


def test_the_cold_start_is_judged_with_bytecode_as_the_floors_is():
    numbers = numbers_of(COLD, WARM, SIZES)
    assert numbers["cold_ratio"] == 1.5
    assert numbers["cold"]["compiled anew"] == {"cpu_ms": 900.0, "floor_cpu_ms": 300.0, "ratio": 3.0, "wall_ratio": 2.0}


def test_the_warm_ratio_is_the_worst_of_the_images_that_are_not_decoded():
    numbers = numbers_of(COLD, WARM, SIZES)
    assert numbers["warm_cpu_ratio"] == 1.5
    assert numbers["warm"]["phone.webp"] == {"kilobytes": 1493, "cpu_ms": 300.0, "calls_cpu_ms": 50.0, "ratio": 6.0}
