"""Codes of what experts outline, and body parts in headers that say nothing."""

from medmm.nouns import Code

RIGHT_LUNG = Code("SCT", "3341006", "Right lung")
LEFT_LUNG = Code("SCT", "44029006", "Left lung")

SILENT_PARTS = ("", "UNKNOWN", "OTHER", "BODY", "PARTIALBODY")
"""Values of BodyPartExamined, letters only, that name no part."""
