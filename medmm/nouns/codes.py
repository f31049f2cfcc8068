"""Coded concepts: a scheme, a code in it, and the words a person reads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One coded concept, as DICOM's Code Sequence carries it (PS3.3 section 8).

    ``scheme`` is the coding scheme designator ("SCT", "DCM", "UCUM", "99MEDMM").
    """

    scheme: str
    code: str
    meaning: str
