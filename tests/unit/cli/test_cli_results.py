import json

import pytest

from lambdas.errors import ErrorCode
from lambdas.jobs import Source, failed, succeeded
from lambdas.start_jobs import StartJob


def seen(**labels):
    custom = [{"Name": name, "Confidence": confidence} for name, confidence in labels.items()]
    return succeeded(custom, Source(size=1), 1)


SMALL = failed(ErrorCode.TOO_SMALL, "63 px", Source(size=1))


def images(out):
    return [result["Image"]["S3ObjectName"] for result in json.loads(out)["Results"]]


def test_results_are_listed_as_a_table_the_newest_first(customlabels, add_result):
    add_result("digits/a.png", seen(crack=90.5, dent=5.0), created_at=1_000)
    add_result("digits/b.png", SMALL, created_at=2_000)
    add_result("digits/open.png", None, created_at=3_000)
    code, out, err = customlabels("results", "digits")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "TIME                  STATUS     IMAGE         LABELS",
        "1970-01-01 00:00:02Z  FAILED     digits/b.png  TOO_SMALL: 63 px",
        "1970-01-01 00:00:01Z  SUCCEEDED  digits/a.png  crack 90.5, dent 5.0",
    ]


def test_results_are_paged_by_limit_and_token(customlabels, add_result):
    for number in range(5):
        add_result(f"digits/{number}.png", SMALL if number % 2 else seen(), created_at=number)
    found, token = [], []
    for _ in range(3):
        code, out, _ = customlabels("results", "digits", "--limit", "2", "--json", *token)
        assert code == 0
        found += images(out)
        token = ["--next-token", json.loads(out).get("NextToken", "")]
    assert found == [f"digits/{number}.png" for number in (4, 3, 2, 1, 0)]
    assert token == ["--next-token", ""]


def test_people_are_told_on_stderr_how_to_go_on(customlabels, add_result):
    for number in range(3):
        add_result(f"digits/{number}.png", seen(), created_at=number)
    _, out, err = customlabels("results", "digits", "--limit", "2")
    token = err.split()[-1]
    assert err == f"  there is more: --next-token {token}\n"
    _, out, err = customlabels("results", "digits", "--limit", "2", "--next-token", token)
    assert "digits/0.png" in out
    assert err == ""


def test_a_limit_over_a_page_is_filled_from_several(customlabels, add_result):
    for number in range(7):
        add_result(f"digits/{number}.png", seen(), created_at=number)
    _, out, _ = customlabels("results", "digits", "--limit", "5", "--json")
    assert len(images(out)) == 5


def test_a_token_of_another_question_is_refused_and_the_remedy_named(customlabels, add_result):
    for number in range(3):
        add_result(f"digits/{number}.png", seen(), created_at=number)
    _, out, _ = customlabels("results", "digits", "--limit", "1", "--json")
    code, out, err = customlabels("results", "scenes", "--next-token", json.loads(out)["NextToken"])
    assert (code, out) == (1, "")
    assert "leave it out" in err


@pytest.mark.parametrize(
    ("status", "found"), [("SUCCEEDED", "digits/a.png"), ("FAILED", "digits/b.png"), ("IN_PROGRESS", "digits/open.png")]
)
def test_results_of_one_status(customlabels, add_result, status, found):
    add_result("digits/a.png", seen())
    add_result("digits/b.png", SMALL)
    add_result("digits/open.png", None)
    _, out, _ = customlabels("results", "digits", "--status", status, "--json")
    assert images(out) == [found]
    assert json.loads(out)["Results"][0]["Status"] == status


def test_the_results_of_an_image(customlabels, add_result):
    add_result("digits/a.png", seen(crack=90.0))
    add_result("digits/b.png", seen())
    _, out, _ = customlabels("results", "--image", "digits/a.png", "--json")
    assert images(out) == ["digits/a.png"]


def test_the_images_that_show_a_label_surely_enough_the_surest_first(customlabels, add_result):
    for number, confidence in enumerate((60.0, 95.0, 90.0)):
        add_result(f"digits/{number}.png", seen(crack=confidence, dent=99.0))
    _, out, _ = customlabels("results", "digits", "--label", "crack", "--min-confidence", "90", "--json")
    assert images(out) == ["digits/1.png", "digits/2.png"]
    assert [result["Confidence"] for result in json.loads(out)["Results"]] == [95, 90]
    _, out, _ = customlabels("results", "digits", "--label", "crack")
    assert [line.split()[0] for line in out.splitlines()] == ["CONFIDENCE", "95.0", "90.0", "60.0"]


def test_one_job_by_its_id_with_all_its_labels_wherever_they_are(customlabels, add_result, objects):
    many = [{"Name": f"label {number}", "Confidence": 5.0, "Note": "x" * 1000} for number in range(400)]
    job = add_result("digits/a.png", succeeded(many, Source(size=1), 1))
    assert len(objects.bodies) == 1
    code, out, _ = customlabels("results", "--job", job.id, "--json")
    assert code == 0
    assert json.loads(out)["Results"][0]["CustomLabels"] == many


def test_the_results_of_a_start_job_and_its_progress(customlabels, add_result, deployment, clients):
    starts = deployment.start_jobs(clients)
    starts.open(StartJob(id="5" * 32, project="digits", created_at=1), now=1)
    add_result("digits/a.png", seen(), start="5" * 32)
    add_result("digits/b.png", SMALL, start="5" * 32)
    _, out, err = customlabels("results", "--job", "5" * 32, "--json")
    assert sorted(images(out)) == ["digits/a.png", "digits/b.png"]
    assert err == "  IN_PROGRESS: 2 done, 1 of them FAILED; images are still being listed\n"
    starts.set_total("5" * 32, 9, now=1)
    assert "of 9 images" in customlabels("results", "--job", "5" * 32)[2]


def test_an_unknown_job_is_an_error_that_says_where_ids_are(customlabels):
    code, out, err = customlabels("results", "--job", "nothing")
    assert (code, out) == (1, "")
    assert "no job 'nothing'" in err
    assert "results PROJECT --json" in err


def test_results_of_no_project_are_those_of_unknown(customlabels, add_result):
    add_result("unknown/a.png", SMALL)
    _, out, _ = customlabels("results", "unknown", "--json")
    assert images(out) == ["unknown/a.png"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--image", "a", "--label", "crack"], "--label goes with a PROJECT"),
        (["digits", "--label", "crack", "--status", "FAILED"], "without --status"),
        (["digits", "--min-confidence", "5"], "needs a --label"),
        (["--image", "a", "--status", "FAILED"], "--status goes with a PROJECT"),
        (["digits", "--label", "crack", "--min-confidence", "101"], "from 0 to 100"),
        (["digits", "--limit", "0"], "1 or more"),
        (["digits", "--job", "a"], "not allowed"),
    ],
)
def test_options_that_do_not_go_together_are_exit_code_2_and_say_why(customlabels, capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        customlabels("results", *arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
