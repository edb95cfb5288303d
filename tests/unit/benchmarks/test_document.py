"""Tables that are put into a document."""

from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.document import filled, places

DOCUMENT = """# Numbers

<!-- drain -->

| old |

<!-- /drain -->

Words.

<!-- cost -->
<!-- /cost -->
"""
FILLED = """# Numbers

<!-- drain -->

| new |

<!-- /drain -->

Words.

<!-- cost -->

| $ |

<!-- /cost -->
"""


def test_a_table_comes_to_its_place_and_words_stay():
    assert filled(DOCUMENT, {"drain": "| new |", "cost": "| $ |"}) == FILLED


def test_a_place_without_a_new_table_keeps_its_own():
    assert filled(DOCUMENT, {"latency": "| new |"}) == DOCUMENT


def test_filling_again_changes_nothing():
    texts = {"drain": r"| \1 |", "cost": "| $ |"}
    assert filled(filled(DOCUMENT, texts), texts) == filled(DOCUMENT, texts)


def test_a_document_without_a_place_is_refused():
    with pytest.raises(ValueError, match="no place for a table"):
        filled("# Words\n", {"drain": "| new |"})


def test_the_benchmarks_document_has_a_place_for_each_table():
    document = Path(__file__).parents[3] / "docs" / "benchmarks.md"
    assert sorted(places(document.read_text(encoding="utf-8"))) == sorted([*NAMES, "goals", "machine", "simulation"])
