"""Which side of the patient the headers name."""

from medmm.drafting.checks.reading.sides import NONE, Sides
from medmm.nouns import Study

SIDES = {"L": "left", "LEFT": "left", "R": "right", "RIGHT": "right"}
KEYWORDS = ("ImageLaterality", "FrameLaterality", "Laterality")


def header_sides(study: Study) -> Sides:
    """The sides of all usable series; nothing where one of them names no single side."""
    found: set[str] = set()
    for series in study.usable or study.series:
        said = [series.view.laterality, *(series.header.get(key, "") for key in KEYWORDS)]
        sides = {SIDES[text.strip().upper()] for text in said if text.strip().upper() in SIDES}
        if len(sides) != 1:
            return NONE
        found |= sides
    return frozenset(found)
