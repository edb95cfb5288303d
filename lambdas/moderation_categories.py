"""The categories that Rekognition's moderation names, to find what a policy has misspelt.

Taxonomy version 7, all three levels, as the table "Label Categories" of the developer guide has it
(https://docs.aws.amazon.com/rekognition/latest/dg/moderation-api.html). The service may add some: an unknown name is
a doubt and no error.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

TAXONOMY: Final = "7"
CATEGORIES: Final = frozenset(
    {
        "Explicit",
        "Explicit Nudity",
        "Exposed Male Genitalia",
        "Exposed Female Genitalia",
        "Exposed Buttocks or Anus",
        "Exposed Female Nipple",
        "Explicit Sexual Activity",
        "Sex Toys",
        "Non-Explicit Nudity of Intimate parts and Kissing",
        "Non-Explicit Nudity",
        "Bare Back",
        "Exposed Male Nipple",
        "Partially Exposed Buttocks",
        "Partially Exposed Female Breast",
        "Implied Nudity",
        "Obstructed Intimate Parts",
        "Obstructed Female Nipple",
        "Obstructed Male Genitalia",
        "Kissing on the Lips",
        "Swimwear or Underwear",
        "Female Swimwear or Underwear",
        "Male Swimwear or Underwear",
        "Violence",
        "Weapons",
        "Graphic Violence",
        "Weapon Violence",
        "Physical Violence",
        "Self-Harm",
        "Blood & Gore",
        "Explosions and Blasts",
        "Visually Disturbing",
        "Death and Emaciation",
        "Emaciated Bodies",
        "Corpses",
        "Crashes",
        "Air Crash",
        "Drugs & Tobacco",
        "Products",
        "Pills",
        "Drugs & Tobacco Paraphernalia & Use",
        "Smoking",
        "Alcohol",
        "Alcohol Use",
        "Drinking",
        "Alcoholic Beverages",
        "Rude Gestures",
        "Middle Finger",
        "Gambling",
        "Hate Symbols",
        "Nazi Party",
        "White Supremacy",
        "Extremist",
    }
)

_BY_LOWER_CASE: Final = {name.lower(): name for name in CATEGORIES}


def doubts(names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence about each name that is not in the taxonomy, with the nearest one that is."""
    for name in sorted(set(names) - CATEGORIES):
        near = get_close_matches(name.lower(), _BY_LOWER_CASE, n=1)
        meant = f"; did you mean {_BY_LOWER_CASE[near[0]]!r}?" if near else "."
        yield (
            f"{name!r} is not in taxonomy {TAXONOMY} of Rekognition's moderation{meant} "
            "A name that no label has decides nothing"
        )
