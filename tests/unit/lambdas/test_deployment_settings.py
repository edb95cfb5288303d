import pytest

from lambdas.deployment_settings import (
    DeploymentSettings,
    ProjectSettings,
    load_settings,
    parse_deployment,
)
from lambdas.runtime_settings import Window, windows_of
from lambdas.setting_checks import SettingsError

PATH = "deployments.demo"


def test_an_empty_project_has_the_defaults():
    settings = parse_deployment("demo", {"projects": {"digits": {}}})
    assert settings == DeploymentSettings(name="demo", projects={"digits": ProjectSettings()})
    assert settings.projects["digits"].min_confidence is None
    assert settings.projects["digits"].retention_days is None


def test_every_setting_that_is_said_is_kept():
    project = {
        "min_confidence": 55.5,
        "label_thresholds": {"crack": 90, "naïve dent": 12.5},
        "max_results": 7,
        "annotate": True,
        "min_inference_units": 2,
        "max_inference_units": 3,
        "min_f1": 0.9,
        "retention_days": 30,
        "source_buckets": ["archive", "line.7-images"],
        "notification_topics": ["arn:aws:sns:eu-west-1:123456789012:told"],
    }
    lists = {name: tuple(value) for name, value in project.items() if isinstance(value, list)}
    deployment = {
        "architecture": "x86_64",
        "account_concurrency": 1000,
        "alarm_email": "ops@example.com",
        "retain_logs_days": 90,
    }
    assert parse_deployment("demo", {"projects": {"digits": project}} | deployment) == DeploymentSettings(
        name="demo", projects={"digits": ProjectSettings(**project | lists)}, **deployment
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("min_confidence", -1),
        ("min_confidence", 101),
        ("min_confidence", "50"),
        ("min_confidence", True),
        ("min_confidence", float("nan")),
        ("max_results", 0),
        ("max_results", 1001),
        ("max_results", 1.5),
        ("min_inference_units", 0),
        ("min_inference_units", None),
        ("max_inference_units", 6),
        ("min_f1", 1.01),
        ("min_f1", None),
        ("retention_days", 0),
        ("retention_days", True),
        ("min_confidense", 50),
        ("label_thresholds", ["crack"]),
        ("label_thresholds", {"crack": 100.5}),
        ("label_thresholds", {"crack": True}),
        ("label_thresholds", {"": 50}),
        ("annotate", "yes"),
        ("annotate", None),
        ("source_buckets", "archive"),
        ("source_buckets", ["Archive"]),
        ("source_buckets", ["archive", "archive"]),
        ("source_buckets", [["archive"]]),
        ("notification_topics", ["told"]),
        ("notification_topics", ["arn:aws:sns:eu-west-1:123456789012:told.fifo"]),
        ("notification_topics", ["arn:aws:sqs:eu-west-1:123456789012:told"]),
        ("runtime", "sometimes"),
        ("max_wait_minutes", 29),
        ("max_wait_minutes", None),
        ("finish_within_minutes", 5),
        ("max_run_hours", 0),
        ("daily_budget_unit_hours", 0),
        ("start_when", ["backlog"]),
    ],
)
def test_a_projects_refusal_names_its_key(key, value):
    with pytest.raises(SettingsError) as refused:
        parse_deployment("demo", {"projects": {"digits": {key: value}}})
    assert str(refused.value).startswith(f"{PATH}.projects.digits.{key} ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("architecture", "arm"),
        ("architecture", ["arm64"]),
        ("account_concurrency", 9),
        ("alarm_email", "nobody"),
        ("alarm_email", 5),
        ("retain_logs_days", 31),
        ("retain_logs_days", True),
        ("retain_logs_days", 30.0),
        ("unit_hour_price", -1),
        ("daily_budget_unit_hours", 0),
        ("on_destroy", "delete"),
        ("data_on_destroy", "delete_all"),
        ("projects", {}),
        ("projects", ["digits"]),
        ("projects", {f"p{number}": {} for number in range(26)}),
        ("projcts", {}),
    ],
)
def test_a_deployments_refusal_names_its_key(key, value):
    with pytest.raises(SettingsError) as refused:
        parse_deployment("demo", {"projects": {"digits": {}}, key: value})
    assert str(refused.value).startswith(f"{PATH}.{key} ")


def test_a_refusal_says_what_the_value_may_be():
    with pytest.raises(SettingsError, match=r"is 2000; it must be null or a whole number from 1 to 1000"):
        parse_deployment("demo", {"projects": {"digits": {"max_results": 2000}}})


@pytest.mark.parametrize("name", ["", "Demo", "1demo", "de_mo", "de.mo", "d" * 21])
def test_a_deployments_name_is_refused_where_resources_could_not_carry_it(name):
    with pytest.raises(SettingsError, match=f"^deployments.{name}: "):
        parse_deployment(name, {"projects": {"digits": {}}})


@pytest.mark.parametrize("name", ["Digits", "di gits", "di/gits", "p" * 33, "", "videos", "unknown"])
def test_a_projects_name_is_refused_where_resources_could_not_carry_it_or_it_is_reserved(name):
    with pytest.raises(SettingsError, match=f"^{PATH}.projects.{name}: "):
        parse_deployment("demo", {"projects": {name: {}}})


def test_names_that_are_too_long_together_are_refused():
    parse_deployment("d" * 20, {"projects": {"p" * 20: {}}})
    with pytest.raises(SettingsError, match=f"^deployments.{'d' * 20}.projects.{'p' * 21}: .*shorten one"):
        parse_deployment("d" * 20, {"projects": {"p" * 21: {}}})


def test_fewer_units_at_most_than_at_least_are_refused_by_their_key():
    with pytest.raises(SettingsError, match=rf"^{PATH}\.projects\.digits\.max_inference_units \(1\) is below"):
        parse_deployment("demo", {"projects": {"digits": {"min_inference_units": 2}}})


def test_thresholds_by_label_are_refused_without_one_for_the_labels_that_they_do_not_name():
    with pytest.raises(SettingsError, match=rf"^{PATH}\.projects\.digits\.label_thresholds needs min_confidence"):
        parse_deployment("demo", {"projects": {"digits": {"label_thresholds": {"crack": 90}}}})


@pytest.mark.parametrize("raw", [[], "x", 3, None])
def test_what_is_no_object_is_refused_by_its_path(raw):
    with pytest.raises(SettingsError, match=f"^{PATH} must be an object"):
        parse_deployment("demo", raw)
    with pytest.raises(SettingsError, match=f"^{PATH}.projects.digits must be an object"):
        parse_deployment("demo", {"projects": {"digits": raw}})


def test_the_functions_read_what_the_stack_rendered(tmp_path):
    settings = parse_deployment(
        "demo",
        {
            "projects": {
                "digits": {"min_confidence": 40.5, "label_thresholds": {"one": 3}, "source_buckets": ["archive"]},
                "scenes": {"retention_days": 9},
            },
            "alarm_email": "a@b",
        },
    )
    file = tmp_path / "settings.json"
    file.write_text(settings.to_json(), encoding="utf-8")
    assert load_settings(file) == settings


def test_the_rendered_settings_are_the_same_text_whatever_the_order_of_the_keys():
    one = parse_deployment("demo", {"projects": {"a": {"min_f1": 0.5, "max_results": 1}, "b": {}}})
    other = parse_deployment("demo", {"projects": {"b": {}, "a": {"max_results": 1, "min_f1": 0.5}}})
    assert one.to_json() == other.to_json()


def test_a_deployments_name_that_reads_like_a_project_of_another_is_refused():
    with pytest.raises(SettingsError, match=r"deployments\.a-project-b: .*'-project'"):
        parse_deployment("a-project-b", {"projects": {"digits": {}}})


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"windows": []}, ".windows must name one window or more"),
        ({}, ".windows must name one window or more"),
        ({"windows": ["mon-fri 08:00-08:00"]}, ".windows is"),
        ({"windows": ["mon-fri 8:00-18:00"]}, ".windows is"),
        ({"windows": ["everyday 08:00-18:00"]}, ".windows is"),
        ({"windows": ["mon 08:00-24:00"], "time_zone": "Europe/Nowhere"}, ".time_zone is"),
        ({"windows": ["mon 08:00-24:00"], "holidays": ["2026-02-30"]}, ".holidays is"),
        ({"windows": ["mon 08:00-24:00"], "zone": "UTC"}, ".zone is not a setting"),
        (["mon 08:00-24:00"], " must be an object"),
    ],
)
def test_a_schedules_refusal_names_its_key(said, refusal):
    with pytest.raises(SettingsError) as refused:
        parse_deployment("demo", {"projects": {"digits": {"runtime": "scheduled", "schedule": said}}})
    assert str(refused.value).startswith(f"{PATH}.projects.digits.schedule{refusal}")


@pytest.mark.parametrize(
    "said", [{"runtime": "scheduled"}, {"schedule": {"windows": ["mon 08:00-18:00"]}, "runtime": "always_on"}]
)
def test_a_project_has_a_schedule_if_it_is_scheduled_and_only_then(said):
    with pytest.raises(SettingsError, match=rf"^{PATH}\.projects\.digits\.schedule: the runtime is"):
        parse_deployment("demo", {"projects": {"digits": said}})


def test_settings_of_the_runtime_survive_the_way_to_the_functions(tmp_path):
    schedule = {"windows": ["fri-mon 22:00-04:00"], "time_zone": "Asia/Kolkata", "holidays": ["2026-12-25"]}
    projects = {
        "scheduled": {"runtime": "scheduled", "schedule": schedule},
        "eager": {"start_when": {"backlog": 1, "waiting_minutes": 0.5}},
    }
    settings = parse_deployment("demo", {"projects": projects})
    file = tmp_path / "settings.json"
    file.write_text(settings.to_json(), encoding="utf-8")
    assert load_settings(file) == settings
    (window,) = windows_of(settings.projects["scheduled"].schedule)
    assert window == Window(frozenset({4, 5, 6, 0}), 22 * 60, 4 * 60)


@pytest.mark.parametrize(("key", "value"), [("backlog", 0), ("waiting_minutes", 0), ("images", 5)])
def test_a_start_conditions_refusal_names_its_key(key, value):
    with pytest.raises(SettingsError) as refused:
        parse_deployment("demo", {"projects": {"digits": {"start_when": {key: value}}}})
    assert str(refused.value).startswith(f"{PATH}.projects.digits.start_when.{key} ")
