"""Check of references: what a passage says must never become a fact about the patient.

A retrieved passage explains or advises. A sentence of the report may quote it as ``reference``; any
other sentence must rest on something else. A passage may state the fact of "the patient", be the
report of another patient, ask its reader to write the fact, or hold for everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from medmm.drafting.checks import number, presence
from medmm.drafting.checks.casefacts import CaseFacts
from medmm.drafting.checks.knowledge import (
    Knowledge,
    Told,
    content,
    knowledge_of,
    spans,
    stem,
    telling,
    values,
)
from medmm.drafting.checks.own_words import same_claim
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.sentence import Claim, Reading
from medmm.drafting.checks.reading.tokens import Token
from medmm.drafting.quoting import quotes
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

Said = tuple[CheckOutcome, str]
SECTION = "References"
# States by which a sentence says that something of the case stands behind it.
BACKED = ("measured", "recorded")
# A true sentence that a passage happens to have may hold so many words that nothing explains.
UNEXPLAINED = 1
# So many words of a passage and of nothing in the case make a sentence borrowed; one, where the
# sentence claims a finding that nothing backs.
BORROWED = 3


def check(statement: Statement, facts: CaseFacts) -> Said | None:
    """Fail where a sentence about the patient rests on a passage, or a quotation is none.

    Cannot tell where a sentence that rests on nobody's measurement claims what a passage says of
    everybody: its writer may have seen it. Without passages it says something only of sentences
    that cite one or call themselves quoted.
    """
    if statement.state == "reference":
        return _quotation(statement, facts)
    if any(one.kind == "passage" for one in statement.evidence):
        return "fail", "The sentence is about the patient and cites a passage."
    if statement.section == SECTION and statement.state != "written":
        return "fail", "The sentence stands among the references and is no quotation."
    if not facts.case.passages:
        return None
    return _patient(statement, facts)


def _quotation(statement: Statement, facts: CaseFacts) -> Said:
    """Quoted knowledge stands in its own section, word for word as the passage that it cites."""
    if statement.section != SECTION:
        return "fail", "A quotation stands among the references and nowhere else."
    cited = {one.ref for one in statement.evidence if one.kind == "passage"}
    sources = [one for one in facts.case.passages if one.id in cited]
    if not sources:
        return "fail", "The quotation cites no passage of this case."
    if not any(quotes(statement.text, one) for one in sources):
        return "fail", "These are not the words of the passage that is cited."
    return "pass", "Quoted word for word."


def _patient(statement: Statement, facts: CaseFacts) -> Said:
    knowledge = knowledge_of(facts.case.passages, facts.coverage.covers)
    reading = facts.reading(statement)
    own = facts.own
    if statement.text in own.sentences:
        return "pass", "The case says this without any passage."
    unbacked = [
        claim
        for claim in reading.claims
        if claim.limit in ("", "history")
        and not presence.agreed(claim, facts)
        and not own.back(claim)
    ]
    said = [
        *_copied(statement, reading, unbacked, knowledge, facts),
        *_figured(statement, reading, knowledge, facts),
        *_claimed(statement, reading, unbacked, knowledge),
        *_borrowed(statement, reading, unbacked, knowledge, facts),
    ]
    failed = [one for one in said if one[0] == "fail"]
    return next(iter(failed or said), ("pass", "No passage lends what is said."))


def _copied(
    statement: Statement,
    reading: Reading,
    unbacked: Sequence[Claim],
    knowledge: Knowledge,
    facts: CaseFacts,
) -> Iterator[Said]:
    """Words in a row that a passage has and the case has not."""
    found = [
        (span, tokens)
        for span, tokens in spans(reading.tokens)
        if span in knowledge.spans and span not in facts.own.spans
    ]
    if not found:
        return
    held = {token.start: token for _, tokens in found for token in tokens}
    strange = _strange(list(held.values()), reading, unbacked, facts)
    if unbacked or _unfounded(statement, facts) or len(strange) > UNEXPLAINED:
        document = knowledge.spans[found[0][0]]
        yield "fail", f"Copied from {document}: {' '.join(one.text for one in found[0][1])}."


def _figured(
    statement: Statement, reading: Reading, knowledge: Knowledge, facts: CaseFacts
) -> Iterator[Said]:
    """Figures that a passage has and nothing in the case."""
    lent = [one for one in values(reading.figures) if one in knowledge.figures]
    if lent and _unfounded(statement, facts):
        document = knowledge.figures[min(lent)]
        yield "fail", f"{document} has a figure of this sentence; nothing in this case has it."


def _unfounded(statement: Statement, facts: CaseFacts) -> bool:
    """Whether a figure has no source, when what the writer says of its own evidence is none."""
    said = number.check(statement, replace(facts, loose=facts.own.figures))
    return said is not None and said[0] == "fail"


def _claimed(
    statement: Statement, reading: Reading, unbacked: Sequence[Claim], knowledge: Knowledge
) -> Iterator[Said]:
    """Findings that nothing in the case backs and a passage speaks of."""
    figures = values(reading.figures)
    for claim in unbacked:
        for told in knowledge.claims.get(lexicon.meaning(claim.kind), ()):
            if not _same(claim, told.claim):
                continue
            name = claim.kind.replace("_", " ")
            if statement.state in BACKED or _pointed(claim, told, figures):
                yield "fail", f"{told.document} speaks of {name}; nothing in this case does."
            else:
                yield "cannot tell", f"{told.document} speaks of {name}, as of everybody."


def _same(claim: Claim, told: Claim) -> bool:
    """Whether a passage makes a claim; what it holds possible may be stated as a fact."""
    denied = "absent" in (claim.presence, told.presence)
    return same_claim(claim, told) and (not denied or claim.presence == told.presence)


def _pointed(claim: Claim, told: Told, figures: frozenset[tuple[float, str]]) -> bool:
    """Whether a passage speaks of one person: it says so, or has the same side or figure."""
    sided = bool(claim.sides) and claim.sides == told.claim.sides
    return told.pointed or sided or bool(figures & told.figures)


def _borrowed(
    statement: Statement,
    reading: Reading,
    unbacked: Sequence[Claim],
    knowledge: Knowledge,
    facts: CaseFacts,
) -> Iterator[Said]:
    """Words of a passage in a sentence that says that something of the case stands behind it."""
    if statement.state not in BACKED:
        return
    strange = _strange(content(reading.tokens), reading, unbacked, facts)
    lent = [token for token in strange if stem(token) in knowledge.stems and token.kind == "word"]
    if len(lent) >= (1 if unbacked else BORROWED):
        words = ", ".join(dict.fromkeys(token.low for token in lent))
        yield "fail", f"Words of {knowledge.stems[stem(lent[0])]} and of nothing here: {words}."


def _strange(
    tokens: Sequence[Token], reading: Reading, unbacked: Sequence[Claim], facts: CaseFacts
) -> list[Token]:
    """Words that neither the case has nor a backed finding, a place, side or figure is made of."""
    told = [one for one in reading.claims if one not in unbacked and not one.normal]
    parts = [(one.start, one.end) for one in told]
    parts += [(one.start, one.end) for one in reading.places]
    parts += [(one.start, one.end) for one in reading.figures]
    held = {place for start, end in parts for place in range(start, end)}
    held.update(one.place for one in reading.side_words)
    explained = {reading.tokens[place].start for place in held}
    return [
        token
        for token in tokens
        if token.start not in explained
        and not telling(token)
        and stem(token) not in facts.own.stems
    ]
