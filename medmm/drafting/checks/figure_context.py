"""What each figure of a sentence is of: its subject, measure, side and time, and the candidates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from medmm.drafting.checks import known
from medmm.drafting.checks.casefacts import CaseFacts
from medmm.drafting.checks.known import KnownFigure
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.clauses import Clause
from medmm.drafting.checks.reading.dates import dates
from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.quantities import Figure, unit_of
from medmm.drafting.checks.reading.sentence import Claim, Place, Reading
from medmm.drafting.checks.reading.sides import NONE, Sides, sides_near
from medmm.drafting.checks.reading.tokens import data
from medmm.nouns import Statement

# Sections whose figures may come from header or order although something else was measured.
OUTSIDE = ("Technique", "Indication", "Comparison")
BACK, AHEAD = 5, 4
# What may stand between "from" and a number.
SIGNS = ("-", "\N{MINUS SIGN}", "\N{EN DASH}", "+")
# A figure behind one of these is of the other side or time.
AGAINST = {"against", "versus", "vs", "than"}
# Behind one of these a sentence turns to something else.
TURNS = {"and", "but", "while", "without", "whereas"}


@dataclass(frozen=True, slots=True)
class Context:
    """A figure with the measurements that it may be.

    ``candidates`` are of the same subject, in any dimension if ``other_dimension``. ``now`` are
    this study's of the same subject. ``change`` says that the clause speaks of a change.
    """

    figure: Figure
    candidates: tuple[KnownFigure, ...]
    now: tuple[KnownFigure, ...]
    sides: Sides
    outside: bool
    denied: bool
    change: bool
    other_dimension: bool


def contexts(statement: Statement, facts: CaseFacts) -> Iterator[Context]:
    """Every figure of a sentence that says something of this patient."""
    reading = facts.reading(statement)
    written = dates(reading.text)
    for figure in reading.figures:
        token = reading.tokens[figure.place]
        clause = reading.clause(figure.place)
        dated = any(one.start <= token.start < one.end for one in written)
        if dated or reading.scope.limit(clause, figure.place) in ("recommend", "history"):
            continue
        yield _context(statement, facts, reading, clause, figure)


def _context(
    statement: Statement, facts: CaseFacts, reading: Reading, clause: Clause, figure: Figure
) -> Context:
    measure = _measure(reading, clause, figure)
    figure = _as_percent(figure, measure)
    past = bool(facts.before) and _past(reading, clause, figure)
    pool = facts.before if past else facts.figures
    sides = sides_near(reading.side_words, clause, figure.place, figure.end, ())
    if figure.place and reading.tokens[figure.place - 1].low in AGAINST:
        sides = NONE
    of_subject = _of_subject(pool, reading, clause, measure, figure)
    now = _of_subject(facts.figures, reading, clause, measure, figure) if past else of_subject
    dimension = figure.unit.dimension if figure.unit else ""
    same = [one for one in of_subject if one.dimension == dimension]
    claims = _claims(reading, clause, figure)
    return Context(
        figure,
        tuple(_narrowed(same, measure, sides, figure, claims) or of_subject),
        tuple(now),
        sides,
        statement.section in OUTSIDE or statement.state == "recorded",
        bool(claims) and all(claim.presence == "absent" for claim in claims),
        bool(facts.before) and _changed(reading, clause),
        bool(of_subject) and not same,
    )


def _of_subject(
    pool: Sequence[KnownFigure], reading: Reading, clause: Clause, measure: str, figure: Figure
) -> list[KnownFigure]:
    """Figures of what the sentence speaks of; of anything, where it names nothing."""
    claims = _claims(reading, clause, figure)
    places = _places(reading, clause, figure)
    if not claims and not places:
        claims, places = _sentence_subject(reading)
    organs = frozenset(place.organ for place in places)
    found = [one for one in pool if one.measure == measure and _organ_fits(one, organs)]
    if not claims and not places:
        return found or list(pool)
    of_kind = [
        one for one in pool if one.subject and any(_claims_it(claim, one) for claim in claims)
    ]
    if of_kind and not (found and _names_measure_kind(measure, claims)):
        return of_kind
    if found and (not claims or _names_measure_kind(measure, claims)):
        return found
    if claims:
        return []
    return [one for one in pool if _organ_fits(one, organs) and one.subject is not None]


def _claims_it(claim: Claim, one: KnownFigure) -> bool:
    return one.subject is not None and bool(known.relation(claim.kind, claim.sites, one.subject))


def _names_measure_kind(measure: str, claims: Sequence[Claim]) -> bool:
    """Whether the only finding named is the measure's own word ("emphysema occupies 3 %")."""
    stem = measure.partition("_")[0]
    return bool(stem) and all(claim.kind == stem for claim in claims)


def _organ_fits(one: KnownFigure, organs: frozenset[str]) -> bool:
    if one.subject is None or not organs:
        return True
    if one.subject.kind:
        return False
    return any(lexicon.same_place(site, organ) for site in one.subject.sites for organ in organs)


def _claims(reading: Reading, clause: Clause, figure: Figure) -> list[Claim]:
    first, after = clause.chunk(figure.place)
    told = [
        claim
        for claim in reading.claims
        if not claim.normal and not _turned_to(reading, figure, claim.start)
    ]
    own = [claim for claim in told if first <= claim.start < after]
    near = own or [claim for claim in told if clause.start <= claim.start < clause.end]
    shown = [claim for claim in near if claim.presence != "absent"]
    return shown if shown or _places(reading, clause, figure) else near


def _turned_to(reading: Reading, figure: Figure, start: int) -> bool:
    """Whether a sentence turns to the term at ``start`` only after the figure."""
    return any(token.low in TURNS for token in reading.tokens[figure.end : start])


def _places(reading: Reading, clause: Clause, figure: Figure) -> list[Place]:
    first, after = clause.chunk(figure.place)
    own = [place for place in reading.places if first <= place.start < after]
    return own or [place for place in reading.places if clause.start <= place.start < clause.end]


def _sentence_subject(reading: Reading) -> tuple[list[Claim], list[Place]]:
    return [claim for claim in reading.claims if not claim.normal], list(reading.places)


def _narrowed(
    same: list[KnownFigure],
    measure: str,
    sides: Sides,
    figure: Figure,
    claims: Sequence[Claim],
) -> list[KnownFigure]:
    """Candidates of the named side and measure; a plain size is the long axis."""
    sided = [
        one for one in same if one.subject is None or known.sides_meet(one.subject.sides, sides)
    ]
    found = sided or same
    if figure.unit and figure.unit.dimension == "length":
        axis = measure if measure in ("long_axis", "short_axis") else ""
        if figure.axes:
            axis = {1: "long_axis", 2: "short_axis"}.get(figure.axes, "")
        elif not axis and not any(claim.kind == "lymphadenopathy" for claim in claims):
            axis = "long_axis"
        return [one for one in found if not axis or one.measure == axis] or found
    return [one for one in found if one.measure == measure] or found


def _measure(reading: Reading, clause: Clause, figure: Figure) -> str:
    """The measure of a figure's dimension that is named nearest to it; behind it counts less.

    Words of other chunks count where the figure's own names none and they have no other figure.
    """
    chunk = clause.chunk(figure.place)
    held = {clause.chunk(one.place) for one in reading.figures if _parts(one, figure)}
    best, distance = "", 99.0
    for match in measure_words().find(reading.tokens[clause.start : clause.end]):
        start, end = match.start + clause.start, match.end + clause.start
        where = clause.chunk(start)
        key = next((key for key in sorted(match.keys) if _fits(key, figure)), "")
        if not key or (where != chunk and where in held):
            continue
        gap = figure.place - end if end <= figure.place else (start - figure.end) * 1.2 + 0.5
        gap += 0.0 if where == chunk else 50.0
        if 0 <= gap < distance:
            best, distance = key, gap
    return best


def _parts(one: Figure, figure: Figure) -> bool:
    """Whether two figures are of different dimensions, so that their chunks share no measure."""
    return (one.unit and one.unit.dimension) != (figure.unit and figure.unit.dimension)


def _fits(measure: str, figure: Figure) -> bool:
    entry = lexicon.measures()[measure]
    if figure.unit is None:
        return entry.fraction
    return entry.dimension == figure.unit.dimension


def _as_percent(figure: Figure, measure: str) -> Figure:
    """A ratio written as a fraction of one, in percent."""
    entry = lexicon.measures().get(measure)
    if figure.unit is None and entry and entry.fraction and 0 < figure.value < 1.5:
        percent = unit_of("%")
        return replace(
            figure,
            value=figure.value * 100,
            step=figure.step * 100,
            coarse=figure.step * 100,
            unit=percent,
        )
    return figure


def _past(reading: Reading, clause: Clause, figure: Figure) -> bool:
    """Whether a figure is said of the prior study ("previously 12 mm", "from 12 to 17 mm")."""
    tokens = reading.tokens
    first = figure.start
    while first and tokens[first - 1].text in SIGNS:
        first -= 1
    if first and tokens[first - 1].low == "from":
        return True
    first, after = clause.chunk(figure.place)
    back = range(max(first, figure.place - BACK), figure.place)
    ahead = range(figure.end, min(after, figure.end + AHEAD))
    table = lexicon.table("comparison", "before_value")
    words = {match.start for match in table.find(tokens)}
    stopped = next((at for at in ahead if tokens[at].low in ("and", "now")), after)
    number_between = any(tokens[at].kind == "number" for at in back)
    before = any(at in words for at in back) and not number_between
    return before or any(at in words for at in ahead if at < stopped)


def _changed(reading: Reading, clause: Clause) -> bool:
    table = lexicon.table("comparison", "up", "down", "comparatives_up", "comparatives_down")
    return bool(table.find(reading.tokens[clause.start : clause.end]))


@cache
def measure_words() -> PhraseTable:
    """The words that name a kind of measurement."""
    return PhraseTable({key: entry["words"] for key, entry in data("measures").items()})
