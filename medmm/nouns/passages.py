"""Queries to the knowledge, and the passages that answer them."""

from dataclasses import dataclass

from medmm.nouns.codes import Code


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked up: words (never a patient's), and what tells where to look.

    ``domains`` are searched if named; else ``modality`` and ``body_part`` as DICOM writes them
    decide, else the words. ``codes`` bring other words for what is looked up. At most ``limit``
    passages are kept.
    """

    text: str
    domains: tuple[str, ...] = ()
    limit: int = 3
    codes: tuple[Code, ...] = ()
    modality: str = ""
    body_part: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A quoted piece of a document, and whether the cut kept it.

    ``score`` lies in [-1, 1]; ``why`` begins with the cut's word for it. ``place`` says where in
    the document it stands: headings and page.
    """

    id: str
    text: str
    document: str
    version: str
    domain: str
    licence: str
    score: float
    kept: bool
    why: str
    place: str = ""
