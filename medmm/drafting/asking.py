"""Answers a question about a study from its draft: what experts measured, or that nobody looked.

No model reads the question: its words are matched with the lexicon of findings and anatomy, and the
sentences of the draft that speak of the same are the answer, with their states and evidence. What
no sentence speaks of was not assessed, and that is then the answer.
"""

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.sentence import Reading, read
from medmm.drafting.checks.reading.tokens import data
from medmm.nouns import Answer, Draft, Evidence, Statement, StatementState

# An answer is as weak as the weakest sentence in it.
WEAKEST_FIRST: tuple[StatementState, ...] = (
    "contradicted",
    "unsupported",
    "supported",
    "recorded",
    "measured",
)
ANSWERING = ("Findings",)


def answer(question: str, draft: Draft) -> Answer:
    """The draft's sentences that speak of what the question names, or that it was not assessed."""
    asked = read(question)
    kinds = tuple(dict.fromkeys(claim.kind for claim in asked.claims if claim.kind != lexicon.ROOT))
    organs = tuple(dict.fromkeys(place.organ for place in asked.places))
    if not kinds and not organs:
        return _unknown(draft)
    found = [
        statement
        for statement in draft.statements
        if statement.section in ANSWERING and _speaks_of(read(statement.text), kinds, organs)
    ]
    # Who did not run is an answer only where nobody else has one.
    idle = {f"expert:{run.name}" for run in draft.experts if run.status != "ran"}
    told = [one for one in found if not {item.ref for item in one.evidence} <= idle]
    return _joined(told or found, draft) if found else _not_assessed(kinds, organs, draft)


def _speaks_of(said: Reading, kinds: tuple[str, ...], organs: tuple[str, ...]) -> bool:
    if kinds:
        return any(
            kind in lexicon.lineage(claim.kind) or claim.kind in lexicon.lineage(kind)[:-1]
            for claim in said.claims
            for kind in kinds
            if claim.limit != "not_assessed" and claim.kind != lexicon.ROOT
        )
    return any(
        place.limit != "not_assessed" and lexicon.same_place(place.organ, organ)
        for place in said.places
        for organ in organs
    )


def _joined(found: list[Statement], draft: Draft) -> Answer:
    evidence = tuple(dict.fromkeys(item for statement in found for item in statement.evidence))
    states = {statement.state for statement in found}
    state = next((state for state in WEAKEST_FIRST if state in states), found[0].state)
    named = {item.ref for item in evidence}
    named |= {one.region for one in draft.measurements if one.id in named and one.region}
    named |= {region for one in draft.findings if one.id in named for region in one.regions}
    return Answer(
        text=" ".join(statement.text for statement in found),
        state=state,
        evidence=evidence,
        regions=tuple(region for region in draft.regions if region.id in named),
    )


def _not_assessed(kinds: tuple[str, ...], organs: tuple[str, ...], draft: Draft) -> Answer:
    words = [data("findings")[kind]["words"][0] for kind in kinds]
    words += [data("anatomy")[organ]["words"][0] for organ in organs]
    return Answer(
        text=f"This was not assessed ({', '.join(words)}): no expert that ran looks for it.",
        state="recorded",
        evidence=(_who_ran(draft),),
    )


def _unknown(draft: Draft) -> Answer:
    return Answer(
        text="This was not assessed: the question names no finding and no anatomy known here.",
        state="recorded",
        evidence=(_who_ran(draft),),
    )


def _who_ran(draft: Draft) -> Evidence:
    ran = [run.name for run in draft.experts if run.status == "ran"]
    told = f"Experts that ran: {', '.join(ran)}." if ran else "No expert ran."
    return Evidence("platform", "experts", told)
