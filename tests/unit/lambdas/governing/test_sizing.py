"""When an on-demand model starts, with how many units, and when it gives way to one with more."""

from lambdas.deployment_settings import ProjectSettings
from lambdas.govern_models.starting import is_due, units_for
from lambdas.govern_models.staying import is_too_small, why_stay
from lambdas.govern_models.words import Depth, EventSource, Memory, Observation, Version
from lambdas.model_versions import VersionStatus
from lambdas.registry import Registration

NOW = 1_800_000_000.0
MINUTE = 60.0
SETTINGS = ProjectSettings(max_wait_minutes=240, max_inference_units=5)


def waves(*told):
    """Spell waves as minutes ago and images."""
    return tuple((NOW - minutes * MINUTE, images) for minutes, images in told)


def seen(memory, **said):
    return Observation(
        project="p",
        depth=Depth(visible=memory.images),
        event_source=EventSource.OPEN,
        registration=Registration(active_version_arn="arn:v", active_version_name="v"),
        memory=memory,
        **said,
    )


def due(memory):
    return is_due(seen(memory), memory, SETTINGS, NOW) is not None


def model(units):
    return Version(arn="arn:v", name="v", status=VersionStatus.RUNNING, inference_units=units)


def stays(memory, units):
    return why_stay(seen(memory), model(units), memory, SETTINGS, NOW) is not None


def test_images_that_came_later_may_be_done_later():
    # Sixty minutes of work: due with the first of them where all came together, but they came one after the other.
    assert due(Memory(waves=waves((160, 18_000))))
    assert not due(Memory(waves=waves((160, 6_000), (100, 6_000), (40, 6_000))))


def test_a_start_is_planned_with_units_that_work_for_half_of_the_longest_wait():
    half = waves((0, 300 * 109))
    assert not due(Memory(waves=half))  # one unit does it in half of the time, and can wait for as long
    assert due(Memory(waves=waves((110, 300 * 109))))
    assert not due(Memory(waves=waves((110, 300 * 111))))  # two units, which can wait for longer


def test_a_stream_that_goes_on_is_met_with_units_that_keep_up():
    trickle = [(minutes, 200) for minutes in range(200, 10, -2)]
    torrent = [(minutes, 1_300) for minutes in (8, 6, 4, 2, 0)]
    assert units_for(Memory(waves=waves(*trickle)), SETTINGS, NOW) == 1
    assert units_for(Memory(waves=waves(*trickle, *torrent)), SETTINGS, NOW) == 3


def test_a_model_gives_way_to_one_with_more_units_only_if_images_come_sooner_so():
    many, few = Memory(waves=waves((10, 90_000)), open_since=0.0), Memory(waves=waves((239, 600)), open_since=0.0)
    assert is_too_small(model(1), many, SETTINGS, NOW)
    assert not is_too_small(model(5), many, SETTINGS, NOW)
    assert not is_too_small(model(1), few, SETTINGS, NOW)  # late, and later after a stop and a start


def test_a_model_that_is_too_small_first_does_what_could_not_wait_for_its_successor():
    urgent = Memory(waves=waves((230, 300), (10, 90_000)), open_since=0.0)
    assert stays(urgent, 1)
    assert not stays(Memory(waves=waves((10, 90_000)), open_since=0.0), 1)


def test_a_model_stops_although_images_keep_coming():
    assert not stays(Memory(waves=waves((0, 40)), open_since=0.0), 1)
    assert stays(Memory(waves=waves((0, 400)), open_since=0.0), 1)
    assert stays(Memory(waves=waves((3, 40)), open_since=0.0), 1)
