"""Check of presence: what is said to be there or not, against what experts found."""

from medmm.drafting.checks import known
from medmm.drafting.checks.casefacts import CaseFacts, about_patient
from medmm.drafting.checks.known import KnownFinding
from medmm.drafting.checks.reading.sentence import Claim
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

SECTIONS = ("Findings", "Impression", "Technique", "Comparison")


def check(statement: Statement, facts: CaseFacts) -> tuple[CheckOutcome, str] | None:
    """Fail where a sentence denies what an expert found, or claims what an expert ruled out.

    Passes where an expert agrees with every finding of the sentence; cannot tell where no expert
    speaks of one.
    """
    if statement.section not in SECTIONS or not about_patient(statement, facts.case):
        return None
    claims = [claim for claim in facts.reading(statement).claims if not claim.limit]
    if not claims:
        return None
    silent = ""
    for claim in claims:
        against = conflict(claim, facts)
        if against:
            return "fail", _reason(claim, against)
        if not agreed(claim, facts):
            silent = silent or _name(claim)
    if silent:
        return "cannot tell", f"No expert speaks of {silent}."
    return "pass", "Experts agree."


def conflict(claim: Claim, facts: CaseFacts) -> KnownFinding | None:
    """The expert's finding that says the opposite of a claim, or None."""
    if claim.presence == "absent":
        return next((one for one in facts.findings if _denies(claim, one)), None)
    if claim.presence == "present":
        related = [
            one
            for one in facts.findings
            if known.relation(claim.kind, claim.sites, one.subject) in ("same", "narrower")
            and known.sides_meet(claim.sides, one.subject.sides)
        ]
        if related and all(one.presence == "absent" for one in related):
            return related[0]
    return None


def agreed(claim: Claim, facts: CaseFacts) -> bool:
    """Whether an expert says the same as a claim."""
    for one in facts.findings:
        kind = known.relation(claim.kind, claim.sites, one.subject)
        if not known.sides_meet(claim.sides, one.subject.sides):
            continue
        if claim.presence == "present" and one.there and kind in ("same", "wider"):
            return True
        if claim.presence == "absent" and one.presence == "absent" and kind in ("same", "narrower"):
            return True
        if claim.presence == "uncertain" and one.presence != "absent" and kind == "same":
            return True
    return False


def _denies(claim: Claim, one: KnownFinding) -> bool:
    if not one.there:
        return False
    if known.relation(claim.kind, claim.sites, one.subject) not in ("same", "wider"):
        return False
    return known.sides_meet(claim.sides, one.subject.sides)


def _reason(claim: Claim, against: KnownFinding) -> str:
    said = "says that there is none" if claim.presence == "absent" else "says that it is there"
    return f"The sentence {said}; {against.source} found {against.meaning} {against.presence}."


def _name(claim: Claim) -> str:
    return claim.kind.replace("_", " ")
