"""Measurements as pieces of sentences."""

from collections.abc import Sequence

from medmm.drafting.composer.names import measurement_name
from medmm.drafting.composer.view import View
from medmm.drafting.figures import shown_measurement
from medmm.nouns import Measurement


def value(view: View, measurement: Measurement) -> str:
    """One measurement's figure."""
    return view.phrases.figure(shown_measurement(measurement))


def aside(view: View, measurement: Measurement, key: str = "aside") -> str:
    """One measurement's name and figure."""
    name = measurement_name(view, measurement)
    return view.phrases.part(key, name=name, value=value(view, measurement))


def asides(view: View, measurements: Sequence[Measurement]) -> list[str]:
    """Names and figures; the two axes of a thing as one pair without names."""
    pair = paired(view, measurements)
    if not pair:
        return [aside(view, one) for one in measurements]
    rest = [aside(view, one) for one in measurements if one not in pair]
    figures = [shown_measurement(one) for one in pair]
    first = figures[0].number
    return [view.phrases.pair(first, view.phrases.figure(figures[1])), *rest]


def paired(view: View, measurements: Sequence[Measurement]) -> list[Measurement]:
    """The long and short axis, where both are there once, in one unit and none as a bound."""
    pair = [one for name in view.rules.pair for one in measurements if one.name == name]
    figures = [shown_measurement(one) for one in pair]
    fits = len(pair) == 2 and figures[0].unit == figures[1].unit
    return pair if fits and not any(one.bound for one in figures) else []
