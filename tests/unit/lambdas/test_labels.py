from lambdas.labels import LabelSummary, summarize


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
