"""What real-world values are in: HU only where the header says so, SUV only where all of it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from medmm.dicom import classes, suv
from medmm.dicom.fields import Fields, tag
from medmm.dicom.header import Instance, Rescale
from medmm.errors import InputError
from medmm.nouns import Reason

AIR_HU = -1024.0
"""What padding of CT becomes: air, and never tissue."""
_UNITS = tag("Units")
_SUV_TYPE = tag("SUVType")


@dataclass(frozen=True, slots=True)
class Units:
    """UCUM-like units, what values are multiplied with to be in them, and what to say of it."""

    name: str
    factor: float = 1.0
    fill: float | None = None
    notes: tuple[Reason, ...] = ()


def units_of(instances: Sequence[Instance], rescales: Sequence[Rescale]) -> Units:
    """Units of a stack.

    Raises:
        InputError: slices are in different units (code ``mixed_units``).
    """
    first = instances[0]
    kinds = {rescale.type.upper() for rescale in rescales if rescale.given}
    if len(kinds) > 1:
        raise InputError(
            f"Slices are in different units ({', '.join(sorted(k or 'none' for k in kinds))}).",
            code="mixed_units",
            tag="RescaleType",
        )
    if first.sop_class in classes.CT:
        return _of_ct(first, kinds, all_given=all(rescale.given for rescale in rescales))
    if first.sop_class in classes.PET:
        return _of_pet([one.fields for one in instances])
    return Units("1")


def _of_ct(first: Instance, kinds: set[str], *, all_given: bool) -> Units:
    if "LOCALIZER" in first.image_type:
        return Units("1")
    if all_given and kinds <= {"", "HU"}:
        return Units("HU", fill=AIR_HU)
    said = f"RescaleType says {', '.join(kinds)}" if all_given and kinds else "no rescale is given"
    note = Reason("not_hu", f"Values are not called HU: {said}.", "RescaleType")
    return Units("1", notes=(note,))


def _of_pet(levels: Sequence[Fields]) -> Units:
    declared = {fields.code(_UNITS).upper() for fields in levels}
    if len(declared) > 1:
        raise InputError("Slices are in different units.", code="mixed_units", tag="Units")
    unit = declared.pop()
    if unit == "GML":
        kind = levels[0].code(_SUV_TYPE).upper()
        return Units("SUV" if kind in ("", "BW") else "1")
    try:
        factor = suv.factor(levels)
    except InputError as error:
        name = "Bq/mL" if unit == "BQML" else "1"
        return Units(name, notes=(Reason(error.code, error.message, error.tag),))
    return Units("SUV", factor=factor)
