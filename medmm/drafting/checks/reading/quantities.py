"""Figures in a sentence: values with unit, comparator and how they were rounded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from medmm.drafting.checks.reading.phrases import PhraseTable
from medmm.drafting.checks.reading.tokens import Token, data

Comparator = Literal["", "above", "below", "about", "off"]
JOINERS = {"x", "×", "by", "to", "-", "and", "/", "*", "or"}
AXES = {"x", "×", "by", "*"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A written unit: what it measures and its size in the dimension's base unit."""

    name: str
    dimension: str
    factor: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One number in base units (mm, mL, HU, %, ...).

    ``step`` is the size of the last digit written, ``coarse`` that of the last digit that is not
    zero; ``place`` is its token. ``axes`` numbers the parts of "14 x 10 mm" from 1, else 0; those
    begin at token ``start``.
    """

    value: float
    step: float
    coarse: float
    unit: Unit | None
    place: int
    end: int
    comparator: Comparator = ""
    axes: int = 0
    start: int = 0


@cache
def units() -> tuple[dict[str, Unit], PhraseTable]:
    """Units by name, and the table of their written forms."""
    table = data("units")
    known = {name: Unit(name, entry["dimension"], entry["factor"]) for name, entry in table.items()}
    return known, PhraseTable({name: entry["words"] for name, entry in table.items()})


def unit_of(ucum: str) -> Unit | None:
    """The unit that a UCUM symbol of a measurement stands for."""
    known, _ = units()
    return known.get({"[hnsf'U]": "HU", "deg": "degree"}.get(ucum, ucum))


def figures(tokens: Sequence[Token]) -> list[Figure]:
    """All numbers of a sentence with the unit that each one has, shared units included."""
    found: list[Figure] = []
    place = 0
    while place < len(tokens):
        group, place = _group(tokens, place)
        found.extend(group)
    return found


def number(text: str) -> tuple[float, float, float] | None:
    """Value, last digit's size and last non-zero digit's size of a written number.

    A comma parts thousands when three digits follow it ("2,310"), else it is the decimal mark.
    """
    plain = text
    if "," in plain:
        head, *tail = plain.split(",")
        thousands = all(len(part.split(".")[0]) == 3 for part in tail) and head not in ("", "0")
        plain = plain.replace(",", "") if thousands else plain.replace(",", ".")
    if plain.count(".") > 1 or not plain.replace(".", "", 1).isdecimal() or len(plain) > 15:
        return None
    value = float(plain)
    decimals = len(plain.split(".")[1]) if "." in plain else 0
    step = 10.0**-decimals
    digits = plain.replace(".", "").lstrip("0")
    zeros = len(digits) - len(digits.rstrip("0")) if digits and decimals == 0 else 0
    return value, step, step * 10.0**zeros


def _group(tokens: Sequence[Token], place: int) -> tuple[list[Figure], int]:
    """The numbers from ``place`` on that share one unit ("14 x 10 mm", "12-17 mm")."""
    numbers: list[tuple[int, float, float, float]] = []
    joined: list[str] = []
    index = place
    unit: Unit | None = None
    while (said := _number_at(tokens, index)) is not None:
        numbers.append((index, *said))
        index += 1
        unit, after = _unit_at(tokens, index)
        glue = after if unit else index
        if (
            glue + 1 < len(tokens)
            and tokens[glue].low in JOINERS
            and not (unit and tokens[glue].low not in AXES)
        ):
            following = _number_at(tokens, glue + 1)
            if following is not None:
                joined.append(tokens[glue].low)
                index = glue + 1
                continue
        index = after
        break
    if not numbers:
        return [], place + 1
    return list(_figures(tokens, numbers, joined, unit, index)), index


def _figures(
    tokens: Sequence[Token],
    numbers: Sequence[tuple[int, float, float, float]],
    joined: Sequence[str],
    unit: Unit | None,
    end: int,
) -> Iterator[Figure]:
    factor = unit.factor if unit else 1.0
    first = numbers[0][0]
    sign = -1.0 if unit and unit.dimension == "attenuation" and _minus(tokens, first) else 1.0
    axes = bool(joined) and all(mark in AXES for mark in joined)
    for order, (place, value, step, coarse) in enumerate(numbers, start=1):
        yield Figure(
            value * factor * sign,
            step * factor,
            coarse * factor,
            unit,
            place,
            end,
            _comparator(tokens, place),
            order if axes else 0,
            first if axes else place,
        )


def _number_at(tokens: Sequence[Token], place: int) -> tuple[float, float, float] | None:
    if place >= len(tokens):
        return None
    token = tokens[place]
    if token.kind == "number":
        return number(token.text)
    value = data("numbers")["words"].get(token.low)
    if value is None or _unit_at(tokens, place + 1)[0] is None:
        return None
    return float(value), 1.0, 1.0


def _unit_at(tokens: Sequence[Token], place: int) -> tuple[Unit | None, int]:
    known, table = units()
    match = table.at(tokens, place)
    if not match:
        return None, place
    name = min(match.keys)
    if (
        name in ("L", "T", "time")
        and tokens[place].text in ("l", "t", "h", "s")
        and match.end - place == 1
    ):
        return (known[name], match.end) if tokens[place].text == "l" else (None, place)
    return known[name], match.end


def _minus(tokens: Sequence[Token], place: int) -> bool:
    if place == 0:
        return False
    before = tokens[place - 1]
    if before.low == "minus":
        return True
    glued = before.text == "-" and before.end == tokens[place].start
    return glued and not (place > 1 and tokens[place - 2].kind == "number")


def _comparator(tokens: Sequence[Token], place: int) -> Comparator:
    table = _comparators()
    start = place - 1 if place and tokens[place - 1].text == "-" else place
    for length in (4, 3, 2, 1):
        if start - length < 0:
            continue
        match = table.at(tokens, start - length)
        if match and match.end == start:
            key = min(match.keys)
            if key in ("above", "below", "about", "off"):
                return key  # type: ignore[return-value]
    return ""


@cache
def _comparators() -> PhraseTable:
    return PhraseTable(data("numbers")["comparators"])
