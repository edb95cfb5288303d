import pytest

from lambdas.deployment_settings import ProjectSettings
from lambdas.evaluations import Evaluation, LabelScores
from lambdas.judge_version.verdict import Rival, RivalTests, judge


def scores(f1=0.9, precision=0.9, recall=0.9, images=10):
    return LabelScores(f1=f1, precision=precision, recall=recall, threshold=0.5, testing_images=images)


def evaluation(f1=0.9, **labels):
    return Evaluation(f1, labels or {"ok": scores(), "scratch": scores()})


def rival(evaluation, test_sets=RivalTests.SAME):
    return Rival("lot.1", evaluation, test_sets)


def reasons(candidate, other=None, **settings):
    return judge(ProjectSettings(**settings), candidate, other).reasons


def test_a_version_that_nothing_speaks_against_is_accepted():
    verdict = judge(ProjectSettings(), evaluation(), None)
    assert verdict.accepted
    assert (verdict.reasons, verdict.notes) == ((), ())


def test_a_version_without_an_evaluation_is_rejected():
    assert "left no evaluation" in reasons(None)[0]


@pytest.mark.parametrize(("f1", "accepted"), [(0.699, False), (0.7, True), (1.0, True)])
def test_the_overall_score_must_reach_its_minimum(f1, accepted):
    assert (reasons(evaluation(f1), min_f1=0.7) == ()) is accepted


def test_a_minimum_is_told_with_the_score_and_the_name_of_the_setting():
    assert reasons(evaluation(0.5), min_f1=0.75) == ("F1 0.500 is under min_f1, which is 0.75",)


@pytest.mark.parametrize("metric", ["f1", "precision", "recall"])
def test_each_metric_of_each_label_must_reach_its_minimum(metric):
    candidate = evaluation(ok=scores(), scratch=scores(**{metric: 0.4}))
    assert reasons(candidate, **{f"min_label_{metric}": 0.5}) == (
        f"{metric} 0.400 of 'scratch' is under min_label_{metric}, which is 0.5",
    )
    assert reasons(candidate, **{f"min_label_{metric}": 0.4}) == ()


def test_a_minimum_by_label_concerns_the_labels_that_it_names():
    candidate = evaluation(ok=scores(recall=0.1), scratch=scores(recall=0.6))
    assert reasons(candidate, min_label_recall={"scratch": 0.5}) == ()
    assert len(reasons(candidate, min_label_recall={"scratch": 0.7})) == 1


def test_a_named_label_that_the_version_does_not_know_speaks_against_it():
    assert "does not know" in reasons(evaluation(), min_label_f1={"dent": 0.1})[0]


def test_a_label_without_test_images_is_noted_and_rejects_only_where_it_is_named():
    candidate = evaluation(ok=scores(), rare=scores(f1=0, images=0))
    verdict = judge(ProjectSettings(min_label_f1=0.5), candidate, None)
    assert verdict.accepted
    assert verdict.notes == ("no test image shows 'rare', so nothing judges it",)
    assert not judge(ProjectSettings(min_label_f1={"rare": 0.5}), candidate, None).accepted


@pytest.mark.parametrize(("f1", "accepted"), [(0.89, False), (0.9, False), (0.91, True)])
def test_an_improvement_is_a_better_score_than_the_active_versions(f1, accepted):
    found = reasons(evaluation(f1), rival(evaluation(0.9)), require_improvement=True)
    assert (found == ()) is accepted


def test_what_is_perfect_already_need_not_improve():
    assert reasons(evaluation(1.0), rival(evaluation(1.0)), require_improvement=True) == ()


def test_the_first_version_needs_no_improvement():
    assert reasons(evaluation(), None, require_improvement=True, max_label_regression=0) == ()


def test_without_the_setting_a_worse_version_is_accepted():
    assert reasons(evaluation(0.8), rival(evaluation(0.9))) == ()


@pytest.mark.parametrize(("f1", "accepted"), [(0.8, True), (0.85, True), (0.79, False)])
def test_a_label_may_fall_by_what_is_allowed(f1, accepted):
    before = evaluation(ok=scores(f1=0.9))
    assert (reasons(evaluation(ok=scores(f1=f1)), rival(before), max_label_regression=0.1) == ()) is accepted


def test_a_label_that_is_gone_has_regressed():
    found = reasons(evaluation(ok=scores()), rival(evaluation()), max_label_regression=0.1)
    assert found == ("'scratch' is gone, which lot.1 knows (max_label_regression)",)


def test_labels_are_not_compared_on_other_test_images_which_is_noted():
    other = rival(evaluation(ok=scores(f1=1.0)), RivalTests.DIFFERENT)
    verdict = judge(ProjectSettings(max_label_regression=0), evaluation(ok=scores(f1=0.8)), other)
    assert verdict.accepted
    assert "its labels were not compared; freeze the test set" in verdict.notes[0]


def test_on_other_test_images_the_overall_scores_are_compared_and_this_is_noted():
    other = rival(evaluation(0.95), RivalTests.DIFFERENT)
    verdict = judge(ProjectSettings(require_improvement=True), evaluation(0.9), other)
    assert not verdict.accepted
    assert "only the overall F1 was compared" in verdict.notes[0]


def test_all_that_speaks_against_a_version_is_told_and_of_very_much_the_first():
    labels = {f"label-{number:02}": scores(f1=0.1) for number in range(30)}
    found = reasons(Evaluation(0.1, labels), min_label_f1=0.5)
    assert len(found) == 21
    assert found[-1] == "and 11 more"


@pytest.mark.parametrize(("f1", "accepted"), [(0.96, True), (0.94, False)])
def test_an_active_version_whose_evaluation_cannot_be_read_is_compared_by_its_overall_f1(f1, accepted):
    other = rival(evaluation(0.95), RivalTests.UNREADABLE)
    settings = ProjectSettings(require_improvement=True, max_label_regression=0.1)
    verdict = judge(settings, evaluation(f1), other)
    assert verdict.accepted is accepted
    assert len(verdict.notes) == 1
    assert "cannot be read: only the overall F1 was compared" in verdict.notes[0]
