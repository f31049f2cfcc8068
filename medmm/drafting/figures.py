"""How a measured value is written: the one rounding rule, for those who write and who check.

A figure has at most three significant digits, never a digit finer than the first digit of its
uncertainty (JCGM 100:2008, 7.2.6) and never one finer than its unit is good for. Volumes from
1000 mL on are written in litres, areas from 1000 mm2 on in cm2. A value that rounding would turn
into nothing, or into the whole, is written as a bound.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from medmm.nouns import Measurement

Bound: TypeAlias = Literal["", "less than", "more than"]

SIGNIFICANT_DIGITS = 3
LITRE_FROM_ML = 1000.0
CM2_FROM_MM2 = 1000.0
# UCUM to what is written, and the finest power of ten that makes sense in the written unit.
SYMBOLS: Mapping[str, str] = {"[hnsf'U]": "HU", "mm2": "mm²", "cm2": "cm²", "1": "", "deg": "°"}
FINEST: Mapping[str, int] = {
    "mm": -1,
    "mm²": 0,
    "cm²": -1,
    "mL": -2,
    "L": -2,
    "HU": 0,
    "%": -1,
    "°": 0,
}
NEVER_NEGATIVE = frozenset({"mm", "mm²", "cm²", "mL", "L", "%"})
# Scales with a true zero, where a change in percent means something.
RATIO_UNITS = frozenset({"mm", "mm2", "mL", "L", "cm", "cm2"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as it is written: decimal digits, unit symbol ("L", "HU", "%"), and a bound."""

    number: str
    unit: str
    bound: Bound = ""


def shown(value: float, unit: str, uncertainty: float | None = None) -> Shown:
    """Write ``value`` in UCUM ``unit``, with ``uncertainty`` in the same unit."""
    factor, symbol = written_unit(value, unit)
    exact = Decimal(repr(value)) * Decimal(repr(factor))
    spread = abs(uncertainty) * factor if uncertainty and math.isfinite(uncertainty) else 0.0
    step = Decimal(1).scaleb(_place(float(exact), symbol, spread))
    rounded = _rounded(exact, step, ROUND_HALF_UP)
    if symbol in NEVER_NEGATIVE and rounded == 0 and exact > 0:
        top = _rounded(exact + Decimal(repr(spread)), step, ROUND_CEILING)
        return Shown(_plain(top), symbol, "less than")
    if symbol == "%" and rounded == 100 and exact < 100:
        low = _rounded(exact - Decimal(repr(spread)), step, ROUND_FLOOR)
        return Shown(_plain(low), symbol, "more than")
    return Shown(_plain(rounded), symbol)


def shown_measurement(measurement: Measurement) -> Shown:
    """Write a measurement by its own unit and uncertainty."""
    uncertainty = measurement.uncertainty
    return shown(measurement.value, measurement.unit, uncertainty.value if uncertainty else None)


def written_unit(value: float, unit: str) -> tuple[float, str]:
    """What a value in UCUM ``unit`` is multiplied with to be written, and the unit's symbol."""
    if unit == "mL" and abs(value) >= LITRE_FROM_ML:
        return 0.001, "L"
    if unit == "mm2" and abs(value) >= CM2_FROM_MM2:
        return 0.01, "cm²"
    return 1.0, SYMBOLS.get(unit, unit)


def slice_number(index: int) -> int:
    """A slice as people count: from 1, in the order of the volume's first axis."""
    return index + 1


def decimals(value: float, most: int = 2) -> str:
    """A header's number with at most ``most`` decimals and no trailing zeros ("0.7", "2.5")."""
    text = f"{value:.{most}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _place(value: float, symbol: str, spread: float) -> int:
    """The power of ten of the last digit that is written."""
    by_digits = math.floor(math.log10(abs(value))) - SIGNIFICANT_DIGITS + 1 if value else -99
    # An uncertainty of 1 that floating point made 0.9999999 is still an uncertainty of 1.
    by_spread = math.floor(math.log10(spread * (1 + 1e-9))) if spread > 0 else -99
    return max(by_digits, by_spread, FINEST.get(symbol, -2))


def _rounded(value: Decimal, step: Decimal, how: str) -> Decimal:
    return (value / step).quantize(Decimal(1), rounding=how) * step


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return "0" if value == 0 else text
