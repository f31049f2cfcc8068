"""Findings: what changed since the prior study, and what cannot be compared."""

from collections.abc import Iterable, Iterator, Sequence

from medmm.drafting.comparison import Change, changes, percent_shown
from medmm.drafting.composer import marks, proof, values
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.names import quantity_name
from medmm.drafting.composer.view import View
from medmm.nouns import Evidence, Measurement, Prior


def all_changes(view: View) -> tuple[Change, ...]:
    """Changes of structures, in speaking order; marks are not matched, so they have none."""
    prior = view.case.prior
    if prior is None:
        return ()
    own = [one for one in _spoken_order(view) if one.id not in view.found_measurements]
    return changes(own, view.regions, prior)


def changed(view: View) -> Iterator[Line]:
    """A sentence for each sure change, one for all that did not change, one for the rest."""
    if view.case.prior is None:
        return
    found = all_changes(view)
    if not found and not _lesions_before(view):
        yield _nothing(view)
    for one in found:
        if one.beyond:
            key = "change-up" if one.difference > 0 else "change-down"
            yield _line(view, view.phrases.say(key, **words(view, one)), [one])
    yield from _together(view, "change-none", [one for one in found if one.beyond is False])
    for obstacle in ("doubtful", "method", "uncertainty"):
        group = [one for one in found if one.obstacle == obstacle]
        yield from _together(view, f"change-unknown-{obstacle}", group)
    yield from _lesions(view)


def words(view: View, one: Change) -> dict[str, str]:
    """The words that sentences on one change are made of."""
    figure = percent_shown(one)
    percent, by = "", ""
    if figure:
        signed = view.phrases.signed(figure, rise=one.difference > 0)
        percent = view.phrases.part("change-percent", percent=signed)
        by = view.phrases.part("change-by", percent=view.phrases.figure(figure))
    return {
        "quantity": quantity_name(view, one.now),
        "before": values.value(view, one.before),
        "now": values.value(view, one.now),
        "percent": percent,
        "by": by,
        "in": _since(view),
    }


def change_evidence(view: View, found: Iterable[Change]) -> tuple[Evidence, ...]:
    """Both measurements of each change."""
    prior = view.case.prior
    pairs = [
        (proof.of_measurement(view, one.now), proof.of_prior(prior, one.before))
        for one in found
        if prior is not None
    ]
    return tuple(evidence for pair in pairs for evidence in pair)


def _together(view: View, key: str, group: Sequence[Change]) -> Iterator[Line]:
    """One sentence for all that have one verdict; what reads the same on both sides stands once."""
    items = []
    for one in group:
        told = words(view, one)
        item = "change-same" if told["before"] == told["now"] else "change-item"
        items.append(view.phrases.part(item, **told))
    if items:
        yield _line(view, view.phrases.say(key, list=view.phrases.listing(items)), group)


def _since(view: View) -> str:
    return view.phrases.part("change-in", interval=view.since_prior) if view.since_prior else ""


def _line(view: View, text: str, found: Sequence[Change]) -> Line:
    return Line("Findings", text, "measured", change_evidence(view, found))


def _nothing(view: View) -> Line:
    told = "No measurement of this study has its like in the prior one."
    text = view.phrases.say("nothing-compared")
    return Line("Findings", text, "recorded", (Evidence("platform", "prior", told),))


def _spoken_order(view: View) -> list[Measurement]:
    regions = view.in_reading_order(view.regions.values())
    return [one for region in regions for one in view.of_region(region.id)] + view.of_region(None)


def _lesions_before(view: View) -> dict[str, list[str]]:
    """Ids of the prior's regions that mark a concept marked now too, by the concept's key."""
    prior = view.case.prior
    now = {mark.concept.key for mark in marks.marks(view)}
    found: dict[str, list[str]] = {}
    for region, label in (prior.labels if prior else {}).items():
        concept = view.rules.marking(label)
        if concept and concept.key in now:
            found.setdefault(concept.key, []).append(region)
    return found


def _lesions(view: View) -> Iterator[Line]:
    """Marks of both studies: which is which is not known, and that is said."""
    prior = view.case.prior
    if prior is None:
        return
    for key, regions in _lesions_before(view).items():
        now = [mark for mark in marks.marks(view) if mark.concept.key == key]
        before = [one for one in prior.measurements if one.region in regions]
        forms = marks.forms(view, now[0].concept)
        if len(regions) == len(now) == 1 and before:
            text = view.phrases.say("lesion-one", a=forms["a"], how=_how(view, before))
            evidence = tuple(proof.of_prior(prior, one) for one in before)
        else:
            text = view.phrases.say("lesions-unmatched", many=forms["many"])
            evidence = _unmatched(prior, now)
        yield Line("Findings", text, "recorded", evidence)


def _how(view: View, before: Sequence[Measurement]) -> str:
    ordered = sorted(before, key=view.rules.rank)
    return view.phrases.enumeration(values.asides(view, ordered))


def _unmatched(prior: Prior, now: Sequence[marks.Mark]) -> tuple[Evidence, ...]:
    found = dict.fromkeys(proof.of_finding(mark.finding) for mark in now)
    return (proof.of_prior_study(prior), *found)
