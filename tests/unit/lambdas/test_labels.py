from lambdas.deployment_settings import ProjectSettings
from lambdas.labels import LabelSummary, confidences, kept, request_limits, summarize


def test_a_label_keeps_its_best_confidence_and_its_count():
    seen = [
        {"Name": "crack", "Confidence": 60.0, "Geometry": {}},
        {"Name": "dent", "Confidence": 70.0},
        {"Name": "crack", "Confidence": 90.0, "Geometry": {}},
    ]
    assert summarize(seen) == [LabelSummary("crack", 90.0, 2), LabelSummary("dent", 70.0, 1)]


def test_labels_of_equal_confidence_are_in_order_of_names():
    seen = [{"Name": "b", "Confidence": 50.0}, {"Name": "a", "Confidence": 50.0}]
    assert [label.name for label in summarize(seen)] == ["a", "b"]


def test_no_labels_have_no_summary():
    assert summarize([]) == []


def names(labels):
    return [label["Name"] for label in labels]


def test_confidences_are_those_of_the_labels_the_highest_first():
    seen = [{"Name": "a", "Confidence": 5.0}, {"Name": "b", "Confidence": 9.0}, {"Name": "a", "Confidence": 7.0}]
    assert list(confidences({"CustomLabels": seen}).items()) == [("b", 9.0), ("a", 7.0)]
    assert confidences({}) == {}


def test_confidences_of_labels_that_are_in_s3_are_those_that_the_item_keeps():
    stored = {"LabelsObject": {}, "Confidences": {"a": 7.0, "b": 9.0}}
    assert list(confidences(stored).items()) == [("b", 9.0), ("a", 7.0)]


def test_without_settings_the_model_cuts_at_its_own_thresholds():
    settings = ProjectSettings()
    seen = [{"Name": "a", "Confidence": 3.0}]
    assert request_limits(settings) == {}
    assert kept(seen, settings) == seen


def test_one_threshold_for_all_labels_and_max_results_are_the_services():
    settings = ProjectSettings(min_confidence=0, max_results=2)
    seen = [{"Name": "a", "Confidence": 3.0}, {"Name": "b", "Confidence": 2.0}]
    assert request_limits(settings) == {"MinConfidence": 0, "MaxResults": 2}
    assert kept(seen, settings) == seen


def test_with_thresholds_by_label_the_service_is_asked_for_all_that_the_lowest_lets_pass():
    settings = ProjectSettings(min_confidence=50, label_thresholds={"crack": 90, "dent": 20.5}, max_results=2)
    assert request_limits(settings) == {"MinConfidence": 20.5}
    assert request_limits(ProjectSettings(min_confidence=5, label_thresholds={"crack": 90})) == {"MinConfidence": 5}


def test_each_label_passes_at_its_own_threshold_or_at_that_of_the_others():
    settings = ProjectSettings(min_confidence=50, label_thresholds={"crack": 90, "dent": 20})
    seen = [
        {"Name": name, "Confidence": confidence}
        for name, confidence in (
            *(("crack", 90.0), ("crack", 89.9), ("hole", 50.0), ("hole", 49.9), ("dent", 20.0), ("dent", 19.9)),
        )
    ]
    passed = [(label["Name"], label["Confidence"]) for label in kept(seen, settings)]
    assert passed == [("crack", 90.0), ("hole", 50.0), ("dent", 20.0)]


def test_max_results_counts_the_best_of_what_passed():
    settings = ProjectSettings(min_confidence=50, label_thresholds={"crack": 90}, max_results=2)
    seen = [
        {"Name": "dent", "Confidence": 60.0},
        {"Name": "crack", "Confidence": 80.0},
        {"Name": "hole", "Confidence": 70.0},
        {"Name": "crack", "Confidence": 95.0},
    ]
    assert names(kept(seen, settings)) == ["crack", "hole"]
