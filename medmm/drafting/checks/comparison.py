"""Check of comparison: words of change against whether there is a prior, and its numbers."""

from collections.abc import Iterator

from medmm.drafting import comparison as comparing
from medmm.drafting.checks import known
from medmm.drafting.checks.casefacts import CaseFacts, about_patient
from medmm.drafting.checks.change_words import Change, changes
from medmm.drafting.checks.figure_context import measure_words
from medmm.drafting.checks.known import KnownFigure
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.dates import dates, iso
from medmm.drafting.checks.reading.sentence import Claim, Place, Reading
from medmm.drafting.checks.reading.sides import sides_near
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

Said = tuple[CheckOutcome, str]
# A change without any uncertainty counts from here on: mm (Fleischner 2017) or a share.
LEAST_MM = 1.5
LEAST_SHARE = 0.10


def check(statement: Statement, facts: CaseFacts) -> Said | None:
    """Fail on a comparison without a prior study, and on one that its numbers do not bear out."""
    if not about_patient(statement, facts.case) or statement.section == "Indication":
        return None
    reading = facts.reading(statement)
    if statement.section == "Comparison":
        return _of_section(reading, facts)
    found = changes(reading)
    if not found:
        return None
    if facts.case.prior is None:
        if lexicon.table("comparison", "none").find(reading.tokens):
            return "pass", "No prior study was given."
        if all(change.denied for change in found):
            return "cannot tell", "There is no prior study to compare with."
        return "fail", "There is no prior study to compare with."
    said = [_judge(change, reading, facts) for change in found]
    for outcome in ("fail", "cannot tell", "pass"):
        for one in said:
            if one[0] == outcome:
                return one
    return None


def _of_section(reading: Reading, facts: CaseFacts) -> Said:
    prior = facts.case.prior
    denies = bool(lexicon.table("comparison", "none").find(reading.tokens))
    if prior is None:
        if denies or not reading.tokens:
            return "pass", "No prior study was given."
        return "fail", "No prior study was given."
    if denies:
        return "fail", "A prior study was given."
    day = iso(prior.study.date)
    written = dates(reading.text)
    if day and written and not any(one.means(day) for one in written):
        return "fail", f"The prior study is of {day.isoformat()}."
    return "pass", "The prior study was given."


def _judge(change: Change, reading: Reading, facts: CaseFacts) -> Said:
    pairs = _of_measure(list(_pairs(change, reading, facts)), change, reading)
    if not pairs:
        return "cannot tell", "Nothing was measured on both studies."
    if change.direction in ("again", "compared"):
        return "pass", "It was measured on both studies."
    if change.denied:
        return "cannot tell", "No measurement says that nothing is new."
    if change.direction in ("new", "gone"):
        before = pairs[0][1]
        said = f"the prior study has {before.measurement.value:.4g} {before.measurement.unit}"
        return "fail", f"It is on both studies: {said}."
    directions = {_direction(now, before) for now, before in pairs}
    if directions == {"same"} if change.direction == "same" else change.direction in directions:
        return "pass", "The measurements say the same."
    now, before = pairs[0]
    return "fail", (
        f"{now.measurement.name} was {before.measurement.value:.4g} and is "
        f"{now.measurement.value:.4g} {now.measurement.unit}."
    )


def _of_measure(
    pairs: list[tuple[KnownFigure, KnownFigure]], change: Change, reading: Reading
) -> list[tuple[KnownFigure, KnownFigure]]:
    """The pairs of the measure that is named, else of what size means: long axis, then volume."""
    tokens = reading.tokens[change.clause.start : change.clause.end]
    named = [key for match in measure_words().find(tokens) for key in sorted(match.keys)]
    for measure in (*named, "long_axis", "volume"):
        chosen = [pair for pair in pairs if pair[0].measure == measure]
        if chosen:
            return chosen
    return pairs


def _direction(now: KnownFigure, before: KnownFigure) -> str:
    """Up, down or same: beyond the combined uncertainty, else beyond the least that counts."""
    judged = comparing.change(now.measurement, before.measurement)
    if judged.combined is not None:
        beyond = abs(judged.difference) > judged.combined
    else:
        least = LEAST_MM if now.dimension == "length" else LEAST_SHARE * abs(before.value)
        beyond = abs(now.value - before.value) >= least
    if not beyond:
        return "same"
    return "up" if now.value > before.value else "down"


def _pairs(
    change: Change, reading: Reading, facts: CaseFacts
) -> Iterator[tuple[KnownFigure, KnownFigure]]:
    """Measurements of what the clause speaks of, now and before, long axis and volume first."""
    clause = change.clause
    spans = (clause.chunk(change.place), (clause.start, clause.end), (0, len(reading.tokens)))
    claims: list[Claim] = []
    places: list[Place] = []
    for low, high in spans:
        claims = [one for one in reading.claims if low <= one.start < high]
        places = [one for one in reading.places if low <= one.start < high]
        if claims or places:
            break
    start = (claims or places)[0].start if claims or places else change.place
    sides = sides_near(reading.side_words, clause, start, start + 1, ())
    for now in facts.figures:
        subject = now.subject
        if subject is None or now.measure == "short_axis" or not _meant(now, claims, places):
            continue
        if not known.sides_meet(sides, subject.sides):
            continue
        for before in facts.before:
            same = before.subject is not None and before.measure == now.measure
            if same and before.subject and _one_thing(subject, before.subject):
                yield now, before


def _meant(now: KnownFigure, claims: list[Claim], places: list[Place]) -> bool:
    subject = now.subject
    if subject is None:
        return False
    if claims:
        return any(known.relation(one.kind, one.sites, subject) for one in claims)
    organs = {place.organ for place in places}
    return not subject.kind and any(
        lexicon.same_place(site, organ) for site in subject.sites for organ in organs
    )


def _one_thing(now: known.Subject, before: known.Subject) -> bool:
    same = now.kind == before.kind and now.sites == before.sites
    return same and known.sides_meet(now.sides, before.sides)
