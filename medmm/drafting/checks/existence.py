"""Check of existence: anatomy outside the field of view, of the other sex, or taken out."""

from collections.abc import Iterator
from functools import cache

from medmm.drafting.checks.casefacts import CaseFacts, about_patient
from medmm.drafting.checks.operations import Removal
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.sentence import Claim, Place, Reading
from medmm.drafting.checks.reading.tokens import data
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

Said = tuple[CheckOutcome, str]
SEXES = {"M": "man", "F": "woman"}


def check(statement: Statement, facts: CaseFacts) -> Said | None:
    """Fail where a sentence speaks of anatomy that this study or this patient cannot have.

    Plans, history and sentences that say that something was not looked at are let through; the
    patient's sex holds everywhere. Cannot tell where nobody knows what the study shows.
    """
    if not about_patient(statement, facts.case):
        return None
    reading = facts.reading(statement)
    named = list(_named(reading))
    if not named:
        return None
    for organ, place in named:
        wrong = _wrong(organ, place, statement, reading, facts)
        if wrong:
            return "fail", wrong
    if not facts.coverage.covers and statement.section != "Indication":
        return "cannot tell", "Neither header nor description says what the study shows."
    return "pass", ""


def _named(reading: Reading) -> Iterator[tuple[lexicon.Organ, Place]]:
    """Anatomy that is named, and anatomy that a finding lies in by its nature."""
    for place in reading.places:
        yield lexicon.organs()[place.organ], place
    for claim in reading.claims:
        site = lexicon.kinds()[claim.kind].site if not claim.normal else ""
        if site and claim.presence != "absent":
            yield lexicon.organs()[site], _implied(site, claim)


def _implied(site: str, claim: Claim) -> Place:
    return Place(site, claim.sides, claim.presence, claim.limit, claim.start, claim.end)


def _wrong(
    organ: lexicon.Organ, place: Place, statement: Statement, reading: Reading, facts: CaseFacts
) -> str:
    name = organ.key.replace("_", " ")
    sex = facts.case.study.patient.sex.upper()[:1]
    if organ.sex and sex in SEXES and organ.sex != sex and place.limit != "not_assessed":
        return f"The header says that the patient is a {SEXES[sex]}, who has no {name}."
    if statement.section == "Indication" or place.limit in ("recommend", "history", "not_assessed"):
        return ""
    removal = _removed(organ, place, reading, facts)
    if removal:
        return f"The {name} was taken out ({removal.operation})."
    if statement.section == "Comparison":
        return ""
    covers = facts.coverage.covers
    if (
        covers
        and organ.regions
        and not organ.regions & covers
        and not _of_operation(reading, place)
    ):
        return f"The {name} does not lie in this examination ({', '.join(facts.coverage.names)})."
    return ""


def _removed(
    organ: lexicon.Organ, place: Place, reading: Reading, facts: CaseFacts
) -> Removal | None:
    if place.presence == "absent" or _of_operation(reading, place):
        return None
    for removal in facts.removed:
        inside = removal.organ == organ.key or removal.organ in _wholes(organ)
        if inside and _side_gone(removal, place):
            return removal
    return None


def _side_gone(removal: Removal, place: Place) -> bool:
    """An unnamed side is gone only where the organ has no other side."""
    if not removal.sides:
        return not lexicon.organs()[removal.organ].paired
    return bool(place.sides & removal.sides)


def _wholes(organ: lexicon.Organ) -> set[str]:
    return {organ.part_of} - {""}


def _of_operation(reading: Reading, place: Place) -> bool:
    """Whether the sentence around a place speaks of an operation or of the absence itself."""
    clause = reading.clause(place.start)
    tokens = reading.tokens[clause.start : clause.end]
    return bool(_status().find(tokens)) or any(token.low.endswith("ectomy") for token in tokens)


@cache
def _status() -> PhraseTable:
    return PhraseTable({"status": data("operations")["status"]})
