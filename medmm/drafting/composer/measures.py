"""Findings: what was measured on structures, a sentence for each."""

from collections.abc import Iterator, Sequence

from medmm.drafting.composer import proof, values
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.names import quantity_name, region_name
from medmm.drafting.composer.view import View
from medmm.nouns import Evidence, Measurement, Region

# Measurements that say what a structure measures without being named.
LEADS = {
    "volume": "measure-volume",
    "area": "measure-area",
    "area fraction": "measure-area-fraction",
}


def measures(view: View) -> Iterator[Line]:
    """Every measurement that no finding owns, region by region, then those of the whole study."""
    loose = [one for one in view.regions.values() if one.id not in view.found_regions]
    for region in view.in_reading_order(loose):
        own = [one for one in view.of_region(region.id) if one.id not in view.found_measurements]
        if own:
            yield from _spoken(view, own, region)
        elif not view.of_region(region.id):
            yield _outlined(view, region)
    for one in view.of_region(None):
        if one.id not in view.found_measurements:
            yield from _spoken(view, [one], None)


def _spoken(view: View, own: Sequence[Measurement], region: Region | None) -> Iterator[Line]:
    """What is sure in one sentence, what is doubtful in another that says so."""
    doubtful = [one for one in own if one.doubtful or (region is not None and region.doubtful)]
    sure = [one for one in own if one not in doubtful]
    if sure:
        text = view.phrases.finished(_sentence(view, sure))
        yield Line("Findings", text, "measured", proof.of_measurements(view, sure))
    if doubtful:
        key = "measure-doubtful" if len(doubtful) == 1 else "measures-doubtful"
        text = view.phrases.say(key, sentence=_sentence(view, doubtful))
        yield Line("Findings", text, "measured", proof.of_measurements(view, doubtful))


def _sentence(view: View, own: Sequence[Measurement]) -> str:
    first, rest = own[0], own[1:]
    region = view.regions.get(first.region or "")
    figure = values.value(view, first)
    key = LEADS.get(first.name)
    if key and region is not None:
        lead = view.phrases.part(key, region=region_name(view, region), value=figure)
    else:
        lead = view.phrases.part("measure", quantity=quantity_name(view, first), value=figure)
    if not rest:
        return lead
    more = view.phrases.listing(
        [values.aside(view, one, "its" if place else "its-first") for place, one in enumerate(rest)]
    )
    return view.phrases.part("measure-more", lead=lead, more=more)


def _outlined(view: View, region: Region) -> Line:
    text = view.phrases.say("outlined", region=region_name(view, region))
    told = f"{region.label} was outlined as {region.kind}"
    return Line("Findings", text, "recorded", (Evidence("platform", f"region:{region.id}", told),))
