"""Check of consistency: sentence against sentence, impression against findings."""

from collections.abc import Iterator

from medmm.drafting.checks import presence
from medmm.drafting.checks.casefacts import OF_PATIENT, CaseFacts, about_patient
from medmm.drafting.checks.number import fits
from medmm.drafting.checks.ranks import yields
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.sentence import Claim, Reading
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

Said = tuple[CheckOutcome, str]


def check(statement: Statement, facts: CaseFacts) -> Said | None:
    """Fail where a sentence contradicts a better founded one, or an impression adds a fact.

    Conclusions ("suspicious for ...") add no fact; an impression without any findings section
    cannot be judged.
    """
    if statement.section not in OF_PATIENT or not about_patient(statement, facts.case):
        return None
    reading = facts.reading(statement)
    claims = [claim for claim in reading.claims if not claim.limit]
    others = [
        (other, read) for other, read in facts.others(statement) if other.section in OF_PATIENT
    ]
    if not claims or not others:
        return None
    for claim in claims:
        for other, read in others:
            if yields(statement, other) and _contradicts(claim, read, facts):
                return "fail", f"Another sentence says otherwise: {_short(other.text)}"
    if statement.section == "Impression":
        return _impression(claims, reading, others, facts)
    return "pass", ""


def _contradicts(claim: Claim, read: Reading, facts: CaseFacts) -> bool:
    """Whether another sentence says the opposite, and no expert stands behind this one."""
    for other in read.claims:
        if other.limit or {claim.presence, other.presence} != {"present", "absent"}:
            continue
        present, absent = (claim, other) if claim.presence == "present" else (other, claim)
        if _covers(absent, present) and not presence.agreed(claim, facts):
            return True
    return False


def _covers(absent: Claim, present: Claim) -> bool:
    """Whether what is denied includes what is claimed, at the same place and side."""
    one, other = lexicon.meaning(absent.kind), lexicon.meaning(present.kind)
    if one != other and one not in lexicon.lineage(present.kind):
        return False
    if absent.sides and present.sides and not absent.sides & present.sides:
        return False
    if absent.kind == lexicon.ROOT and not (absent.sites and present.sites):
        return not absent.sites
    if not absent.sites or not present.sites:
        return True
    return any(lexicon.same_place(here, there) for here in absent.sites for there in present.sites)


def _impression(
    claims: list[Claim],
    reading: Reading,
    others: list[tuple[Statement, Reading]],
    facts: CaseFacts,
) -> Said | None:
    findings = [read for other, read in others if other.section == "Findings"]
    if not findings:
        return None
    for claim in claims:
        if claim.presence != "present" or claim.inferred or claim.kind == lexicon.ROOT:
            continue
        told = any(_same_fact(claim, one) for read in findings for one in read.claims)
        if not told and not presence.agreed(claim, facts):
            return "fail", f"The findings say nothing of {claim.kind.replace('_', ' ')}."
    wrong = next(_other_figures(claims, reading, findings), None)
    return ("fail", wrong) if wrong else ("pass", "")


def _same_fact(claim: Claim, other: Claim) -> bool:
    """Whether a finding of the findings section carries the impression's claim."""
    one, two = lexicon.meaning(claim.kind), lexicon.meaning(other.kind)
    if other.presence == "absent" or other.limit == "recommend":
        return False
    if (
        one != two
        and one not in lexicon.lineage(other.kind)
        and two not in lexicon.lineage(claim.kind)
    ):
        return False
    if two == lexicon.ROOT:
        return False
    if not claim.sites or not other.sites:
        return True
    return any(lexicon.same_place(here, there) for here in claim.sites for there in other.sites)


def _other_figures(claims: list[Claim], reading: Reading, findings: list[Reading]) -> Iterator[str]:
    """A figure for a finding that the findings give another figure for."""
    for figure in reading.figures:
        unit = figure.unit
        if unit is None or unit.dimension not in ("length", "volume", "ratio", "attenuation"):
            continue
        limit = reading.scope.limit(reading.clause(figure.place), figure.place)
        if limit or figure.comparator in ("above", "below", "off"):
            continue
        values = [
            one.value
            for read in findings
            if any(_same_fact(claim, other) for claim in claims for other in read.claims)
            for one in read.figures
            if one.unit and one.unit.dimension == unit.dimension and one.comparator != "off"
        ]
        if values and not any(fits(figure, value) for value in values):
            yield "The findings give another figure for this."


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
