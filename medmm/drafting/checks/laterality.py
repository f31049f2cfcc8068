"""Check of sides: left and right against regions, header and other sentences."""

from collections.abc import Iterator

from medmm.drafting.checks import known
from medmm.drafting.checks.casefacts import OF_PATIENT, CaseFacts, about_patient
from medmm.drafting.checks.figure_context import contexts
from medmm.drafting.checks.number import fits
from medmm.drafting.checks.ranks import yields
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.sentence import Claim, Reading
from medmm.drafting.checks.reading.sides import BOTH, Sides
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

Said = tuple[CheckOutcome, str]


def check(statement: Statement, facts: CaseFacts) -> Said | None:
    """Fail where a side is not that of the region, of the header, or of a stronger sentence.

    Where nothing knows the side the check cannot tell; without side words it says nothing.
    """
    reading = facts.reading(statement)
    if (
        statement.section == "Comparison"
        or not about_patient(statement, facts.case)
        or not reading.side_words
    ):
        return None
    said = [
        *_against_header(statement, reading, facts),
        *_against_regions(reading, facts),
        *_against_figures(statement, facts),
        *_against_sentences(statement, reading, facts),
    ]
    for outcome in ("fail", "pass"):
        for one in said:
            if one[0] == outcome:
                return one
    sided = [one for one in reading.claims if one.sides and one.presence != "absent"]
    return ("cannot tell", "Nothing measured says which side.") if sided else None


def known_sides(claim: Claim, facts: CaseFacts) -> Sides:
    """The sides on which experts found what a claim speaks of."""
    return frozenset(
        side
        for one in facts.findings
        if one.presence != "absent" and known.relation(claim.kind, claim.sites, one.subject)
        for side in one.subject.sides
    )


def _against_header(statement: Statement, reading: Reading, facts: CaseFacts) -> Iterator[Said]:
    side = facts.coverage.side
    if len(side) != 1 or statement.section == "Indication":
        return
    for word in reading.side_words:
        limit = reading.scope.limit(reading.clause(word.place), word.place)
        if not limit and word.sides != side:
            yield "fail", f"The header says {_named(side)}, the sentence {_named(word.sides)}."
        elif not limit:
            yield "pass", "The side is the header's."


def _against_regions(reading: Reading, facts: CaseFacts) -> Iterator[Said]:
    for claim in reading.claims:
        if claim.presence == "absent" or claim.limit or not claim.sides:
            continue
        there = known_sides(claim, facts)
        if not there:
            continue
        if claim.sides <= there:
            yield "pass", "The side is that of the region."
        else:
            yield (
                "fail",
                f"The region lies {_named(there)}, the sentence says {_named(claim.sides)}.",
            )


def _against_figures(statement: Statement, facts: CaseFacts) -> Iterator[Said]:
    """A figure that belongs to the other side's measurement."""
    for context in contexts(statement, facts):
        if len(context.sides) != 1 or context.figure.unit is None:
            continue
        dimension = context.figure.unit.dimension
        values = [
            one
            for one in (*context.now, *context.candidates)
            if one.dimension == dimension and one.subject and len(one.subject.sides) == 1
        ]
        own = [one for one in values if one.subject and one.subject.sides == context.sides]
        other = [one for one in values if one.subject and not one.subject.sides & context.sides]
        if any(fits(context.figure, one.value) for one in own):
            yield "pass", "The figure is that side's."
        elif any(fits(context.figure, one.value) for one in other):
            yield "fail", "The figure belongs to the other side."


def _against_sentences(statement: Statement, reading: Reading, facts: CaseFacts) -> Iterator[Said]:
    """The same finding at the same place on another side in a sentence that counts more."""
    if statement.section not in OF_PATIENT:
        return
    for claim in reading.claims:
        if claim.presence == "absent" or claim.limit or not claim.sides:
            continue
        if known_sides(claim, facts):
            continue
        elsewhere = _said_elsewhere(claim, statement, facts)
        if elsewhere and not claim.sides & elsewhere:
            yield "fail", f"Another sentence says {_named(elsewhere)}."
        elif elsewhere and claim.sides == BOTH and elsewhere != BOTH:
            yield "fail", f"Another sentence says {_named(elsewhere)} only."


def _said_elsewhere(claim: Claim, statement: Statement, facts: CaseFacts) -> Sides:
    sides: set[str] = set()
    for other, reading in facts.others(statement):
        if other.section not in OF_PATIENT or not yields(statement, other):
            continue
        for one in reading.claims:
            if one.presence != "absent" and not one.limit and _same(claim, one):
                sides |= one.sides
    return frozenset(sides)


def _same(claim: Claim, other: Claim) -> bool:
    if lexicon.meaning(claim.kind) != lexicon.meaning(other.kind):
        return False
    if not claim.sites or not other.sites:
        return True
    return any(lexicon.same_place(one, two) for one in claim.sites for two in other.sites)


def _named(sides: Sides) -> str:
    return "on both sides" if len(sides) > 1 else next(iter(sides), "no side")
