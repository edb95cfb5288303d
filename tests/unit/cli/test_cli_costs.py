import io
import json
from datetime import UTC, date, datetime

import pytest
from PIL import Image

from cli.commands.costs import bar
from cli.cost_picture import cost_picture, ticks_up_to
from cli.costs import Costs, Usage, find_costs
from cli.deployment import DeploymentNotFoundError, UnknownProjectError, find_deployment
from lambdas.items import to_item

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0
HOUR = 3600.0
LEFT_OUT = (
    "left out: trainings (about $1.00 an hour), label detection of videos ($0.10 a minute), "
    "moderation ($1.00 for 1,000 images)"
)
BLUE, GREEN, RED = (126, 166, 255), (76, 197, 140), (255, 143, 134)


@pytest.fixture
def ran(clients, deployment):
    """Let a project's model run on a day, by how many days ago it was."""

    def add(project, days_ago, hours, busy=0.0, images=0, starts=1):
        deployment.meter(clients).add_day(
            project,
            NOON - days_ago * DAY,
            running_unit_seconds=hours * HOUR,
            busy_unit_seconds=busy * HOUR,
            images=images,
            starts=starts,
        )

    return add


@pytest.fixture
def promote(table):
    """Make a version the active one since so many days."""

    def write(project, days_ago):
        key = {"PK": f"PROJECT#{project}", "SK": "STATE"}
        promoted = {"ActiveVersionArn": "arn:v1", "UpdatedAt": int((NOON - days_ago * DAY) * 1000)}
        table.items[key["PK"], "STATE"] = to_item(key | promoted)

    return write


@pytest.fixture
def spent(clients):
    """Read the costs of some days until noon."""
    return lambda project=None, days=3: find_costs(clients, find_deployment(clients), project, days, NOON)


def test_hours_of_the_meter_are_dollars_by_the_deployed_price(spent, ran, stacks):
    ran("digits", 0, hours=2.5, busy=0.5, images=2000)
    costs = spent("digits", days=1)
    (usage,) = costs.projects["digits"]
    assert usage == Usage(running=2.5, busy=0.5, idle=2.0, images=2000, starts=1)
    assert (costs.price, costs.dollars(usage), costs.per_thousand(usage)) == (3.5, 8.75, 4.375)


def test_days_end_with_today_and_those_without_running_are_zeros(spent, ran):
    ran("digits", 2, hours=1)
    ran("digits", 3, hours=100)  # before the first day
    costs = spent("digits")
    assert list(costs.days) == [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]
    assert [usage.running for usage in costs.projects["digits"]] == [1.0, 0.0, 0.0]


def test_projects_are_summed_up_by_day_by_project_and_all_together(spent, ran):
    ran("digits", 0, hours=1, images=10)
    ran("digits", 1, hours=2, images=20)
    ran("scenes", 1, hours=4, images=40)
    costs = spent()
    assert [costs.of_day(number).running for number in range(3)] == [0.0, 6.0, 1.0]
    assert (costs.of_project("digits").images, costs.of_project("scenes").images) == (30, 40)
    assert (costs.whole.running, costs.whole.images, costs.whole.starts) == (7.0, 70, 3)


def test_the_idle_share_is_of_the_hours_that_ran_and_there_is_none_of_no_hours():
    assert Usage(running=4.0, idle=3.0).idle_share == 0.75
    assert Usage().idle_share is None


def test_no_images_have_no_price_each(spent, ran):
    ran("digits", 0, hours=1)
    costs = spent("digits")
    assert costs.per_thousand(costs.whole) is None


def test_always_on_is_24_hours_of_the_least_units_a_day_and_of_today_what_has_passed(spent, promote, stacks):
    promote("digits", 30)
    stacks.outputs["CustomLabels-demo-project-digits"]["MinInferenceUnits"] = "2"
    costs = spent("digits")
    assert [costs.always_on(usage) for usage in costs.projects["digits"]] == [168.0, 168.0, 84.0]


def test_a_project_without_an_active_version_could_not_have_been_always_on(spent, ran, promote):
    ran("digits", 1, hours=1)
    promote("scenes", 30)
    costs = spent()
    assert costs.of_project("digits").always_on == 0.0
    assert costs.of_project("scenes").always_on == 60.0


def test_before_its_first_version_a_project_could_not_have_been_always_on(spent, promote):
    promote("digits", 1)
    assert [usage.always_on for usage in spent("digits").projects["digits"]] == [0.0, 24.0, 12.0]


def test_a_model_that_ran_before_the_last_promotion_could_have_been_always_on_since(spent, ran, promote):
    promote("digits", 0)
    ran("digits", 1, hours=1)
    assert [usage.always_on for usage in spent("digits").projects["digits"]] == [0.0, 24.0, 12.0]


def test_a_project_that_is_none_is_told_with_those_that_are(spent):
    with pytest.raises(UnknownProjectError, match="it has digits, scenes"):
        spent("parts")


def test_a_deployment_without_a_price_is_named_with_the_remedy(spent, stacks):
    del stacks.outputs["CustomLabels-demo-storage"]["UnitHourPrice"]
    with pytest.raises(DeploymentNotFoundError, match=r"CustomLabels-demo-storage .*run `make deploy`"):
        spent()


@pytest.fixture
def a_month(clock, ran, promote):
    clock.now = NOON
    promote("digits", 30)
    ran("digits", 0, hours=2, busy=0.5, images=1000)
    ran("digits", 1, hours=1, busy=1, images=250)
    ran("scenes", 1, hours=1, busy=0, images=0)


def test_the_command_prints_days_projects_totals_and_what_always_on_would_have_cost(customlabels, a_month):
    code, out, _ = customlabels("costs", "--days", "3")
    assert code == 0
    assert out.splitlines() == [
        "DAY             DIGITS  SCENES  UNIT-HOURS  BUSY  IDLE  IMAGES  DOLLARS",
        "2026-11-19 Thu    0.00    0.00        0.00  0.00     -       0     0.00",
        "2026-11-20 Fri    3.50    3.50        2.00  1.00   50%     250     7.00  ████████████████",
        "2026-11-21 Sat    7.00    0.00        2.00  0.50   75%   1,000     7.00  ████████████████",
        "",
        "PROJECT  UNIT-HOURS  BUSY  IDLE  IMAGES  DOLLARS  STARTS  PER 1,000 IMAGES  ALWAYS ON",
        "digits         3.00  1.50   50%   1,250    10.50       2              8.40     210.00",
        "scenes         1.00  0.00  100%       0     3.50       1                 -       0.00",
        "all            4.00  1.50   62%   1,250    14.00       3             11.20     210.00",
        "",
        "$14.00 for 4.00 unit-hours at $3.5",
        "always on it would have been $210.00: $196.00 (93.3%) saved",
        LEFT_OUT,
    ]


def test_one_project_alone_has_no_columns_and_no_sum_of_projects(customlabels, a_month):
    _, out, _ = customlabels("costs", "digits", "--days", "1")
    assert out.splitlines()[:5] == [
        "DAY             UNIT-HOURS  BUSY  IDLE  IMAGES  DOLLARS",
        "2026-11-21 Sat        2.00  0.50   75%   1,000     7.00  ████████████████",
        "",
        "PROJECT  UNIT-HOURS  BUSY  IDLE  IMAGES  DOLLARS  STARTS  PER 1,000 IMAGES  ALWAYS ON",
        "digits         2.00  0.50   75%   1,000     7.00       1              7.00      42.00",
    ]


def test_thirty_days_are_shown_where_none_are_said(customlabels, a_month):
    _, out, _ = customlabels("costs", "--json")
    assert len(json.loads(out)["Projects"]["scenes"]["Days"]) == 30


def test_of_many_projects_the_dearest_have_columns_and_the_others_share_one(customlabels, clock, stacks, ran):
    clock.now = NOON
    for number in range(7):
        stacks.deploy("demo", f"p{number}")
        ran(f"p{number}", 0, hours=1 + number)
    _, out, _ = customlabels("costs", "--days", "1")
    heading, today = out.splitlines()[:2]
    assert heading.split()[1:7] == ["P6", "P5", "P4", "P3", "P2", "OTHERS"]
    assert today.split()[2:8] == ["24.50", "21.00", "17.50", "14.00", "10.50", "10.50"]


def test_what_cost_more_than_always_on_is_told_so(customlabels, clock, ran, promote):
    clock.now = NOON
    promote("digits", 30)
    ran("digits", 0, hours=20)  # more units than the least
    _, out, _ = customlabels("costs", "digits", "--days", "1")
    assert "always on it would have been $42.00, which is $28.00 less" in out.splitlines()


def test_where_no_version_is_active_nothing_is_compared(customlabels, clock):
    clock.now = NOON
    code, out, _ = customlabels("costs")
    assert code == 0
    assert out.splitlines()[-3:] == [
        "$0.00 for 0.00 unit-hours at $3.5",
        "no project has an active version that could have been always on",
        LEFT_OUT,
    ]


def test_the_command_prints_json(customlabels, a_month):
    code, out, _ = customlabels("costs", "digits", "--days", "2", "--json")
    assert code == 0
    said = json.loads(out)
    assert said["UnitHourPrice"] == 3.5
    assert list(said["Projects"]) == ["digits"]
    assert said["Projects"]["digits"]["Days"]["2026-11-21"] == {
        "RunningUnitHours": 2.0,
        "BusyUnitHours": 0.5,
        "IdleUnitHours": 1.5,
        "Images": 1000,
        "Starts": 1,
        "Dollars": 7.0,
        "DollarsPer1000Images": 7.0,
        "AlwaysOnDollars": 42.0,
    }
    assert said["LeftOut"] == {
        "TrainingDollarsPerHour": 1.0,
        "LabelDetectionDollarsPerMinute": 0.1,
        "ModerationDollarsPer1000Images": 1.0,
    }
    assert said["Total"]["Dollars"] == said["Projects"]["digits"]["Total"]["Dollars"] == 10.5


def test_more_than_a_year_is_refused(customlabels, capsys):
    with pytest.raises(SystemExit) as ended:
        customlabels("costs", "--days", "367")
    assert ended.value.code == 2
    assert "366 days, is the most" in capsys.readouterr().err


def test_the_command_draws_into_a_file(customlabels, a_month, tmp_path):
    code, _, err = customlabels("costs", "--png", str(tmp_path / "costs.png"))
    assert code == 0
    assert f"drawn into {tmp_path / 'costs.png'}" in err
    with Image.open(tmp_path / "costs.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))


def test_a_picture_that_cannot_be_written_is_told_with_the_remedy(customlabels, a_month, tmp_path):
    code, _, err = customlabels("costs", "--png", str(tmp_path / "none" / "costs.png"))
    assert code == 1
    assert "none/costs.png cannot be written: No such file or directory; name another --png" in err


@pytest.mark.parametrize(
    ("value", "drawn"), [(0.0, ""), (0.001, "▏"), (4.0, "████████"), (4.25, "████████▌"), (8.0, "█" * 16)]
)
def test_a_bar_is_as_long_as_its_share_and_never_nothing_for_something(value, drawn):
    assert bar(value, 8.0) == drawn


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (96.0, [0, 25, 50, 75, 100]),
        (100.0, [0, 25, 50, 75, 100]),
        (3.1, [0, 1, 2, 3, 4]),
        (1152.0, [0, 500, 1000, 1500]),
        (0.0, [0, 0.01, 0.02, 0.03, 0.04]),
    ],
)
def test_the_scale_has_round_numbers_and_room_for_the_most(most, ticks):
    assert ticks_up_to(most) == pytest.approx(ticks)


def drawn(costs):
    return Image.open(io.BytesIO(cost_picture("demo", costs))).convert("RGB")


def pixels(picture, colour, box=(130, 262, 1134, 544)):
    """Count the pixels about a colour, for edges are smooth, in the bars' field."""
    raw = picture.crop(box).tobytes()
    return sum(max(abs(raw[at + part] - colour[part]) for part in range(3)) < 40 for at in range(0, len(raw), 3))


def two_projects(hours, always_on=0.0):
    usage = [Usage(running=hours, always_on=always_on), Usage()]
    return Costs(
        price=4.0,
        days=[date(2026, 11, 20), date(2026, 11, 21)],
        projects={"digits": usage, "scenes": [Usage(running=hours / 2), Usage()]},
    )


def test_a_bar_is_as_high_as_its_dollars_and_its_project_has_its_colour():
    picture = drawn(two_projects(hours=5.0, always_on=10.0))  # $20 and $10 of $40
    whole = pixels(picture, BLUE)
    assert whole / pixels(picture, GREEN) == pytest.approx(2, rel=0.05)
    assert whole == pytest.approx(64 * (544 - 268) / 2, rel=0.05)


def test_a_day_without_running_has_no_bar():
    picture = drawn(two_projects(hours=5.0))
    assert pixels(picture, BLUE, (632, 262, 1134, 544)) == 0
    assert pixels(picture, BLUE, (130, 262, 632, 544)) > 0


def test_always_on_is_a_line_over_its_day_at_its_dollars():
    picture = drawn(two_projects(hours=1.0, always_on=10.0))  # $40, the scale's end
    assert pixels(picture, RED, (140, 266, 620, 271)) > 400
    assert pixels(picture, RED, (140, 275, 1134, 544)) == 0
    assert pixels(picture, RED, (640, 266, 1134, 544)) == 0


def test_a_legend_of_many_projects_ends_within_the_picture():
    days = [date(2026, 11, 21)]
    picture = drawn(
        Costs(price=4.0, days=days, projects={f"{number}-{'x' * 30}": [Usage(running=1.0)] for number in range(25)})
    )
    assert picture.crop((1140, 210, 1200, 240)).getcolors() == [(60 * 30, (14, 17, 22))]
