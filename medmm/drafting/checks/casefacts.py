"""What is known of a case, gathered once for all checks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from medmm.drafting.checks import known
from medmm.drafting.checks.coverage import Coverage, coverage_of
from medmm.drafting.checks.known import KnownFigure, KnownFinding, LooseFigure
from medmm.drafting.checks.operations import Removal, removals
from medmm.drafting.checks.own_words import OwnWords
from medmm.drafting.checks.reading.dates import dates, iso
from medmm.drafting.checks.reading.sentence import Reading, read
from medmm.nouns import Case, Statement

OF_PATIENT = ("Findings", "Impression")
# What may stand around the experts' names and reasons in a sentence that tells of a refusal.
_WHO_ONLY = re.compile(r"[\s,.:;]*(and\s*)*[\s,]*((did|was) not run|failed|refused)?[\s,.:;]*")


@dataclass(frozen=True, eq=False)
class CaseFacts:
    """The case in the lexicon's words, and all statements of the draft, read.

    ``figures`` are of this study, ``before`` of the prior one. ``days`` are the dates that may be
    named: of the study, the prior, the order.
    """

    case: Case
    statements: tuple[Statement, ...]
    readings: tuple[Reading, ...]
    coverage: Coverage
    findings: tuple[KnownFinding, ...]
    figures: tuple[KnownFigure, ...]
    before: tuple[KnownFigure, ...]
    loose: tuple[LooseFigure, ...]
    removed: tuple[Removal, ...]
    days: tuple[date, ...]

    @classmethod
    def of(cls, statements: Sequence[Statement], case: Case) -> "CaseFacts":
        """Gather the facts of a case."""
        coverage = coverage_of(case.study)
        readings = tuple(read(statement.text, coverage.covers) for statement in statements)
        return cls(
            case,
            tuple(statements),
            readings,
            coverage,
            tuple(known.known_findings(case)),
            tuple(known.known_figures(case)),
            tuple(known.prior_figures(case.prior)),
            tuple(known.loose_figures(case, _texts(statements, case))),
            removals([text for _, text in _histories(statements, case)]),
            _days(case),
        )

    @cached_property
    def own(self) -> OwnWords:
        """The case's own words; gathered when first asked for, because few checks need them."""
        return OwnWords.of(self.case, self.coverage.covers)

    def reading(self, statement: Statement) -> Reading:
        """A statement, read."""
        return read(statement.text, self.coverage.covers)

    def others(self, statement: Statement) -> list[tuple[Statement, Reading]]:
        """All other statements with their readings."""
        pairs = zip(self.statements, self.readings, strict=True)
        return [(one, reading) for one, reading in pairs if one.id != statement.id]


def about_patient(statement: Statement, case: Case) -> bool:
    """Whether a sentence speaks of this patient.

    Knowledge that is quoted does not, nor does a sentence that tells in an expert's own words why
    it did not run ("No lung was found in its pixels."). That is judged by the words the case has
    from the expert, not by what the sentence says of itself.
    """
    return statement.state != "reference" and not _tells_refusal(statement, case)


def _tells_refusal(statement: Statement, case: Case) -> bool:
    said = {item.ref.removeprefix("expert:") for item in statement.evidence}
    reasons = [
        run.reason.rstrip(".").casefold()
        for run in case.runs
        if run.name in said and run.status != "ran" and run.reason
    ]
    rest = statement.text.casefold()
    for reason in reasons:
        rest = rest.replace(reason, "")
    return bool(reasons) and bool(_WHO_ONLY.fullmatch(_without_names(rest, case)))


def _without_names(text: str, case: Case) -> str:
    for name in sorted((run.name.casefold() for run in case.runs), key=len, reverse=True):
        text = text.replace(name, "")
    return text


def _texts(statements: Sequence[Statement], case: Case) -> list[tuple[str, str]]:
    texts = [("order", case.indication or "")]
    for result in case.results:
        texts.extend(("method", measurement.method) for measurement in result.measurements)
        texts.extend(("note", note) for note in result.notes)
    texts.extend(
        (evidence.kind, evidence.text)
        for statement in statements
        for evidence in statement.evidence
        if evidence.kind in ("order", "header", "prior", "platform")
    )
    return texts


def _histories(statements: Sequence[Statement], case: Case) -> list[tuple[str, str]]:
    texts = [("order", case.indication or "")]
    if case.prior:
        texts.append(("prior", case.prior.study.description))
    texts.extend(
        ("statement", statement.text)
        for statement in statements
        if statement.section == "Indication"
    )
    return texts


def _days(case: Case) -> tuple[date, ...]:
    said = [case.study.date, *(series.origin.date for series in case.study.series)]
    if case.prior:
        said.append(case.prior.study.date)
    found = [day for text in said if (day := iso(text)) is not None]
    found.extend(day for one in dates(case.indication or "") for day in one.days)
    return tuple(dict.fromkeys(found))
