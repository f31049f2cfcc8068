"""Names of regions and structures; a side comes from a region's laterality and nowhere else."""

from medmm.drafting.cleaning import clean
from medmm.drafting.composer.view import View
from medmm.nouns import Measurement, Region
from medmm.nouns.regions import Laterality

SIDES: tuple[Laterality, ...] = ("right", "left")


def bare_label(region: Region, paired: frozenset[str]) -> str:
    """The label without a side that is the region's laterality, or that only laterality may say.

    A side that belongs to the name ("left ventricle") stays, unless the laterality says the same.
    """
    label = clean(region.label).lower() or "?"
    for side in SIDES:
        rest = label.removeprefix(f"{side} ")
        if rest != label and (region.laterality == side or rest in paired):
            return rest
    return label


def region_name(view: View, region: Region) -> str:
    """A structure with article and side, a number among namesakes, and its series if needed."""
    label = bare_label(region, view.rules.paired)
    namesakes = view.namesakes(region)
    here = [one for one in namesakes if one.series_key == region.series_key]
    if len(here) > 1:
        label = f"{label} {[one.id for one in here].index(region.id) + 1}"
    name = structure_name(view, label, region.laterality)
    series = view.series_of(region)
    if len(here) < len(namesakes) and series is not None:
        return view.phrases.part("on-series", region=name, series=view.series_name(series))
    return name


def structure_name(view: View, label: str, side: Laterality | None) -> str:
    """A structure with its article and side."""
    forms = view.phrases.forms("regions", label) or view.phrases.forms("regions", "any")
    return forms[side or "one"].format(name=label)


def template_name(view: View, name: str) -> str:
    """A template's name of a structure, with its article."""
    for side in SIDES:
        if name.startswith(f"{side} "):
            return structure_name(view, name.removeprefix(f"{side} "), side)
    plain = view.phrases.forms("regions", "any")["one"].format(name=name)
    return view.phrases.name("structures", name, plain)


def measurement_name(view: View, measurement: Measurement) -> str:
    """What was measured."""
    return view.phrases.name("measurements", clean(measurement.name))


def quantity_name(view: View, measurement: Measurement) -> str:
    """A measurement of its region, or of the whole study."""
    name = measurement_name(view, measurement)
    if measurement.region is None:
        return view.phrases.part("quantity-whole", name=name)
    region = region_name(view, view.regions[measurement.region])
    return view.phrases.part("quantity", name=name, region=region)
