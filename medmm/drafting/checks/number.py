"""Check of figures: every number with a unit must be one that was measured, given or worked out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medmm.drafting import figures as writing
from medmm.drafting.checks import known
from medmm.drafting.checks.casefacts import CaseFacts
from medmm.drafting.checks.figure_context import Context, contexts
from medmm.drafting.checks.known import KnownFigure
from medmm.drafting.checks.reading.quantities import Figure, figures, number, unit_of
from medmm.drafting.checks.reading.tokens import tokenise
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

# How far rounding may move a value before it means something else: the larger of the two.
ROUNDING = {
    "length": (0.5, 0.05),
    "volume": (0.05, 0.05),
    "attenuation": (5.0, 0.025),
    "ratio": (0.5, 0.05),
    "area": (0.5, 0.05),
}
# "About" lets a figure be this many times coarser.
ABOUT = 2.0
# Dimensions that are facts about a patient or an acquisition and need a source.
SOURCED = {"length", "volume", "attenuation", "ratio", "area", "uptake", "mass", "angle"}
GIVEN = {"tube voltage", "tube charge", "field strength", "echo time", "dose", "age", "exposure"}
Said = tuple[CheckOutcome, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    outcome: CheckOutcome
    reason: str


def check(statement: Statement, facts: CaseFacts) -> Said | None:
    """Fail on a figure that no evidence has, has in another unit, or rounds to another meaning.

    Figures of a subject that was measured are compared with its measurements, which must
    themselves recompute from the stored mask; others with header, order and texts.
    """
    if statement.state == "reference":
        return _quoted(statement, facts)
    judged = [_judge(context, facts) for context in contexts(statement, facts)]
    judged.extend(_not_recomputed(statement, facts))
    told = [one for one in judged if one is not None]
    for outcome in ("fail", "cannot tell", "pass"):
        for one in told:
            if one.outcome == outcome:
                return one.outcome, one.reason
    return None


def fits(figure: Figure, value: float) -> bool:
    """Whether a written figure is ``value`` rounded to the digits that were written."""
    gap = abs(figure.value - value)
    dimension = figure.unit.dimension if figure.unit else ""
    absolute, share = ROUNDING.get(dimension, (0.0, 0.0))
    bound = max(absolute, share * abs(value))
    if dimension not in ROUNDING:
        return gap <= figure.step / 2 + 1e-9
    if figure.comparator == "about":
        return gap <= max(absolute, ABOUT * share * abs(value)) + 1e-9
    return gap <= min(figure.coarse / 2, bound) + 1e-9 or gap <= min(figure.step / 2, bound) + 1e-9


def _judge(context: Context, facts: CaseFacts) -> _Judged | None:
    figure = context.figure
    if figure.unit is None or figure.comparator == "off":
        return None
    dimension = figure.unit.dimension
    if dimension not in SOURCED and dimension not in GIVEN:
        return None
    written = _words(context)
    sources = [one for one in context.candidates if one.dimension == dimension]
    if context.change and _worked_out(context, sources, facts):
        return _Judged("pass", f"{written} is the measured change.")
    if sources:
        return _against(context, sources, facts, written)
    return _unmeasured(context, facts, written)


def _against(
    context: Context, sources: Sequence[KnownFigure], facts: CaseFacts, written: str
) -> _Judged:
    if _holds(context, sources) or _worked_out(context, sources, facts):
        return _Judged("pass", f"{written} is measured.")
    if context.outside and _given(context.figure, facts):
        return _Judged("pass", f"{written} is given.")
    said = _listed(sources)
    return _Judged("fail", f"{written} is not what was measured ({said}).")


def _unmeasured(context: Context, facts: CaseFacts, written: str) -> _Judged | None:
    figure = context.figure
    if figure.unit is None:
        return None
    dimension = figure.unit.dimension
    if _given(figure, facts):
        return _Judged("pass", f"{written} is given.")
    if dimension == "attenuation" and figure.comparator in ("above", "below"):
        return None  # a threshold of a definition, not a measurement
    if context.denied and figure.comparator:
        return None  # "no node over 10 mm" measures nothing
    of_kind = [one for one in facts.loose if one.dimension == dimension]
    if dimension in GIVEN:
        if not of_kind:
            return _Judged("cannot tell", f"Nothing says whether {written} is right.")
        return _Judged("fail", f"{written} is neither in the header nor in the order.")
    if context.other_dimension:
        listed = _listed(context.candidates)
        return _Judged("fail", f"{written} has the wrong unit: measured was {listed}.")
    return _Judged("fail", f"No evidence has the figure {written}.")


def _holds(context: Context, sources: Iterable[KnownFigure]) -> bool:
    figure = context.figure
    if figure.comparator == "above":
        return any(source.value > figure.value - figure.step / 2 for source in sources)
    if figure.comparator == "below":
        return any(source.value < figure.value + figure.step / 2 for source in sources)
    return any(fits(figure, source.value) or _as_shown(figure, source) for source in sources)


def _as_shown(figure: Figure, source: KnownFigure) -> bool:
    """Whether the figure is what the one rounding rule of `medmm.drafting.figures` writes."""
    shown = writing.shown_measurement(source.measurement)
    parsed = number(shown.number.lstrip("-"))
    unit = unit_of(shown.unit)
    if parsed is None or unit is None:
        return False
    sign = -1.0 if shown.number.startswith("-") else 1.0
    return abs(sign * parsed[0] * unit.factor - figure.value) < 1e-9


def _worked_out(context: Context, sources: Sequence[KnownFigure], facts: CaseFacts) -> bool:
    """Whether the figure is a sum of both sides, a difference, a mean diameter or a change."""
    figure = context.figure
    if figure.comparator in ("above", "below"):
        return False
    if len(context.sides) != 1:
        totals = [
            one.value + two.value
            for index, one in enumerate(sources)
            for two in sources[index + 1 :]
            if one.measure == two.measure == "volume" and _opposite(one, two)
        ]
        if any(fits(figure, total) for total in totals):
            return True
    if context.change:
        return any(fits(figure, value) for value in _changes(context, facts))
    return False


def _changes(context: Context, facts: CaseFacts) -> list[float]:
    """Differences to the prior's figure of the same thing, plain and in percent."""
    values: list[float] = []
    percent = context.figure.unit is not None and context.figure.unit.dimension == "ratio"
    for now in context.now:
        for before in facts.before:
            if now.measure == before.measure and _same_subject(now, before):
                gap = now.value - before.value
                values.append(
                    abs(100.0 * gap / before.value) if percent and before.value else abs(gap)
                )
    return values


def _same_subject(now: KnownFigure, before: KnownFigure) -> bool:
    if now.subject is None or before.subject is None:
        return now.subject is None and before.subject is None
    same = now.subject.kind == before.subject.kind and now.subject.sites == before.subject.sites
    return same and known.sides_meet(now.subject.sides, before.subject.sides)


def _opposite(one: KnownFigure, two: KnownFigure) -> bool:
    if one.subject is None or two.subject is None or one.subject.sites != two.subject.sites:
        return False
    return bool(one.subject.sides) and not one.subject.sides & two.subject.sides


def _given(figure: Figure, facts: CaseFacts) -> bool:
    if figure.unit is None:
        return False
    dimension = figure.unit.dimension
    values = [one.value for one in facts.loose if one.dimension == dimension]
    return any(fits(figure, value) for value in values)


def _not_recomputed(statement: Statement, facts: CaseFacts) -> list[_Judged]:
    """Measurements that the statement rests on and that their own mask does not give."""
    cited = {one.ref for one in statement.evidence if one.kind == "measurement"}
    return [
        _Judged(
            "fail",
            f"The stored mask gives {one.again:.4g} {_base(one)} for {one.measurement.name}, "
            f"not {one.measurement.value:.4g} {one.measurement.unit}.",
        )
        for one in facts.figures
        if one.again is not None and one.measurement.id in cited
    ]


def _quoted(statement: Statement, facts: CaseFacts) -> Said | None:
    """Figures of quoted knowledge must stand in a passage."""
    refs = {one.ref for one in statement.evidence if one.kind == "passage"}
    texts = [passage.text for passage in facts.case.passages if passage.id in refs]
    texts.extend(one.text for one in statement.evidence if one.kind == "passage")
    if not any(texts):
        return None
    there = [one for text in texts for one in figures(tokenise(text)) if one.unit]
    for figure in facts.reading(statement).figures:
        same = [
            one
            for one in there
            if figure.unit and one.unit and one.unit.dimension == figure.unit.dimension
        ]
        if figure.unit and not any(abs(one.value - figure.value) < 1e-9 for one in same):
            return "fail", "The passage does not have one of these figures."
    return "pass", ""


def _words(context: Context) -> str:
    figure = context.figure
    unit = figure.unit
    if unit is None:
        return f"{figure.value:g}"
    name = {"year_old": "years", "pack_year": "pack years"}.get(unit.name, unit.name)
    return f"{figure.value / unit.factor:g} {name}"


def _base(one: KnownFigure) -> str:
    return {"length": "mm", "volume": "mL"}.get(one.dimension, one.measurement.unit)


def _listed(sources: Sequence[KnownFigure]) -> str:
    said = [
        f"{one.measurement.name} {one.measurement.value:.4g} {one.measurement.unit}"
        for one in sources[:3]
    ]
    return ", ".join(said)
