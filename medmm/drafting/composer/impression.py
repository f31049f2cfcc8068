"""Impression: the findings by urgency and size, and never a fact that Findings do not hold."""

from collections.abc import Iterator, Sequence

from medmm.drafting.composer import marks, proof
from medmm.drafting.composer.changes import all_changes, change_evidence, words
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.marks import Mark
from medmm.drafting.composer.names import region_name
from medmm.drafting.composer.values import asides, paired
from medmm.drafting.composer.view import View
from medmm.nouns import Evidence, Measurement


def impression(view: View) -> Iterator[Line]:
    """Marks by urgency, then sure changes, else that there is nothing to conclude."""
    lines = [*_marks(view), *_changes(view)]
    yield from lines or [_nothing(view)]


def _marks(view: View) -> Iterator[Line]:
    groups = marks.grouped(view)
    groups.sort(key=lambda group: (group[0].concept.urgency, -max(_size(one) for one in group)))
    for group in groups:
        plain = [mark for mark in group if mark.plain]
        if plain:
            yield _line(view, _plain(view, plain), plain, _largest(plain))
        for mark in group:
            if not mark.plain:
                yield _line(view, _hedged(view, mark), [mark], mark)


def _largest(group: Sequence[Mark]) -> Mark:
    return max(group, key=_size)


def _size(mark: Mark) -> float:
    """The length that ranks a mark: its longest measurement in mm, 0 where there is none."""
    return max((one.value for one in mark.measurements if one.unit == "mm"), default=0.0)


def _plain(view: View, group: Sequence[Mark]) -> str:
    top = _largest(group)
    words = marks.forms(view, top.concept, certain=top.certain)
    # A concept of the whole study that several findings name is one thing, not several.
    several = len({mark.region.id for mark in group if mark.region}) > 1
    key = f"impression-{top.voice}"
    size = _size_words(view, top)
    if several and not size:
        return view.phrases.say(f"{key}-unsized", many=words["many"])
    return view.phrases.say(
        f"{key}-many" if several else key,
        a=words["a"],
        many=words["many"],
        where=_where(view, top),
        size=size,
    )


def _where(view: View, mark: Mark) -> str:
    organ = marks.organ_place(view, mark)
    if organ:
        return view.phrases.part("in-organ", organ=organ)
    side = mark.region.laterality if mark.region else None
    return view.phrases.part(f"on-side-{side}") if side else ""


def _size_words(view: View, mark: Mark) -> str:
    pair = paired(view, mark.measurements)
    lengths: Sequence[Measurement] = pair or [one for one in mark.measurements if one.unit == "mm"]
    if not lengths:
        return ""
    return view.phrases.part("impression-size", figures=asides(view, lengths)[0])


def _hedged(view: View, mark: Mark) -> str:
    name = marks.forms(view, mark.concept)["name"]
    if mark.likelihood is None:
        return view.phrases.say("impression-uncertain", name=name, where=_where(view, mark))
    certainty = view.phrases.certainty(mark.likelihood)
    return view.phrases.say(
        "impression-likely", name=name, where=_where(view, mark), certainty=certainty
    )


def _line(view: View, text: str, group: Sequence[Mark], named: Mark) -> Line:
    """A sentence on a group of marks that gives the figures of one."""
    found = dict.fromkeys(proof.of_finding(mark.finding, mark.region) for mark in group)
    evidence = (*found, *proof.of_measurements(view, named.measurements))
    return Line("Impression", text, "measured", evidence)


def _changes(view: View) -> Iterator[Line]:
    for one in all_changes(view):
        if one.beyond:
            key = "impression-up" if one.difference > 0 else "impression-down"
            text = view.phrases.say(key, **words(view, one))
            yield Line("Impression", text, "measured", change_evidence(view, [one]))


def _nothing(view: View) -> Line:
    if view.regions and view.measurements:
        measured = {one.region for one in view.measurements.values()}
        regions = view.in_reading_order(one for one in view.regions.values() if one.id in measured)
        names = [region_name(view, one) for one in regions]
        number = "many" if len(names) > 1 else "one"
        text = view.phrases.say(f"impression-measured-{number}", list=view.phrases.listing(names))
        proofs = proof.of_measurements(view, view.measurements.values())
        return Line("Impression", text, "recorded", proofs)
    key = "impression-nothing" if view.assessed else "impression-none"
    told = f"{len(view.case.results)} experts gave a result and none of them a finding."
    evidence = (Evidence("platform", "experts", told),)
    return Line("Impression", view.phrases.say(key), "recorded", evidence)
