"""Findings: what experts mark or deny, in words that go no further than they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from medmm.drafting.composer import proof, values
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.names import structure_name
from medmm.drafting.composer.rules import Concept
from medmm.drafting.composer.view import View
from medmm.drafting.figures import shown, slice_number
from medmm.drafting.places import third_of
from medmm.nouns import Evidence, ExpertResult, Finding, Measurement, Region

Voice: TypeAlias = Literal["demonstrator", "uncalibrated", "plain"]


def voice(result: ExpertResult, finding: Finding) -> Voice:
    """How far a finding's method can be trusted: the words around it follow from this."""
    if finding.demonstrator or result.demonstrator:
        return "demonstrator"
    unchecked = finding.probability is not None and not finding.calibrated
    return "uncalibrated" if unchecked else "plain"


@dataclass(frozen=True, eq=False)
class Mark:
    """One place (or none) of one finding, with what was measured there."""

    concept: Concept
    result: ExpertResult
    finding: Finding
    region: Region | None
    measurements: tuple[Measurement, ...]

    @property
    def voice(self) -> Voice:
        """How far its method can be trusted."""
        return voice(self.result, self.finding)

    @property
    def plain(self) -> bool:
        """Whether it is simply marked, without a probability or a doubt that sentences weigh."""
        return self.likelihood is None and (self.certain or self.voice != "plain")

    @property
    def certain(self) -> bool:
        """Whether its method calls it present, not just possible."""
        return self.finding.presence == "present"

    @property
    def likelihood(self) -> float | None:
        """The probability, if it was checked against outcomes."""
        return self.finding.probability if self.finding.calibrated else None


def marks(view: View) -> list[Mark]:
    """All marks that are not denials, in the order of their experts."""
    return [
        mark
        for result, finding in view.findings
        if finding.presence != "absent"
        for mark in _of_finding(view, result, finding)
    ]


def marked(view: View) -> Iterator[Line]:
    """Sentences for everything that is present or uncertain, concept by concept."""
    for group in grouped(view):
        plain = [mark for mark in group if mark.plain]
        full = plain[: view.rules.shown_in_full]
        for number, mark in enumerate(full):
            yield _full(view, mark, also=number > 0)
        rest = plain[len(full) :]
        if rest:
            yield _rest(view, rest)
        for mark in group:
            if not mark.plain:
                yield _hedged(view, mark)


def grouped(view: View) -> list[list[Mark]]:
    """Marks by concept, voice and certainty, in the order in which they first come."""
    groups: dict[tuple[str, Voice, bool], list[Mark]] = {}
    for mark in marks(view):
        groups.setdefault((mark.concept.key, mark.voice, mark.certain), []).append(mark)
    return list(groups.values())


def denied(view: View) -> Iterator[Line]:
    """Negatives, only for what an expert that looked says is absent."""
    said: dict[str, list[tuple[ExpertResult, Finding]]] = {}
    for result, finding in view.findings:
        if finding.presence == "absent":
            concept = view.concept(finding)
            limited = result.applicability.status == "doubtful" or bool(result.notes)
            spoken = voice(result, finding)
            key = "limited" if spoken == "plain" and limited else spoken
            text = view.phrases.say(f"absent-{key}", name=forms(view, concept)["name"])
            said.setdefault(text, []).append((result, finding))
    for text, group in said.items():
        evidence = tuple(proof.of_finding(finding) for _, finding in group)
        yield Line("Findings", text, "measured", evidence)


def forms(view: View, concept: Concept, *, certain: bool = True) -> dict[str, str]:
    """A concept's words: ``a`` with its article, ``name`` after a "no", ``many`` of them.

    Where its method is not certain, ``a`` and ``many`` say so.
    """
    known = view.phrases.forms("concepts", concept.key)
    rest = view.phrases.forms("concepts", "any")
    found = {form: known.get(form, rest[form].format(name=concept.key)) for form in rest}
    if certain:
        return {form: found[form] for form in ("a", "name", "many")}
    return {"a": found["maybe"], "name": found["name"], "many": found["maybe-many"]}


def where(view: View, mark: Mark) -> str:
    """Where a mark lies: third and side of its organ, slice; as much as geometry knows."""
    region = mark.region
    if region is None:
        return ""
    number = "" if region.slice is None else str(slice_number(region.slice))
    organ = organ_place(view, mark)
    if organ:
        key = "in-organ-slice" if number else "in-organ"
        return view.phrases.part(key, organ=organ, slice=number)
    if region.laterality:
        key = f"on-side-{region.laterality}" + ("-slice" if number else "")
        return view.phrases.part(key, slice=number)
    return view.phrases.part("in-slice", slice=number) if number else ""


def organ_place(view: View, mark: Mark) -> str:
    """The mark's organ with its side, and the third of it where both are outlined; or ""."""
    region, organ = mark.region, mark.concept.organ
    if region is None or not organ or region.laterality is None:
        return ""
    name = structure_name(view, organ, region.laterality)
    outlines = [
        one
        for one in view.regions.values()
        if one.label in (organ, f"{region.laterality} {organ}")
        and one.laterality == region.laterality
        and not one.doubtful
    ]
    thirds = [third for third in (third_of(region, one) for one in outlines) if third]
    return view.phrases.part(f"third-{thirds[0]}", organ=name) if thirds else name


def sized(view: View, mark: Mark, key: str = "sized") -> str:
    """A mark's figures as they hang on its sentence; or ""."""
    if not mark.measurements:
        return ""
    listed = view.phrases.enumeration(values.asides(view, mark.measurements))
    return view.phrases.part(key, figures=listed)


def evidence(view: View, mark: Mark) -> tuple[Evidence, ...]:
    """The finding and the measurements of one mark."""
    found = proof.of_finding(mark.finding, mark.region)
    return (found, *proof.of_measurements(view, mark.measurements))


def _of_finding(view: View, result: ExpertResult, finding: Finding) -> Iterator[Mark]:
    concept = view.concept(finding)
    named = [view.measurements[ref] for ref in finding.measurements]
    for ref in finding.regions:
        own = view.of_region(ref)
        yield Mark(concept, result, finding, view.regions[ref], tuple(own))
    loose = [one for one in named if one.region not in finding.regions]
    if loose or not finding.regions:
        ordered = sorted(loose, key=view.rules.rank)
        yield Mark(concept, result, finding, None, tuple(ordered))


def _full(view: View, mark: Mark, *, also: bool) -> Line:
    key = f"marked-{mark.voice}"
    text = view.phrases.part(
        f"{key}-also" if also else key,
        a=forms(view, mark.concept, certain=mark.certain)["a"],
        where=where(view, mark),
        how=sized(view, mark),
    )
    return _line(view, text, mark)


def _hedged(view: View, mark: Mark) -> Line:
    name = forms(view, mark.concept)["name"]
    place, how = where(view, mark), sized(view, mark)
    if mark.likelihood is not None:
        text = view.phrases.part(
            "likely",
            name=name,
            where=place,
            certainty=view.phrases.certainty(mark.likelihood),
            probability=view.phrases.figure(shown(100.0 * mark.likelihood, "%", 1.0)),
            how=how,
        )
    else:
        text = view.phrases.part("uncertain", name=name, where=place, how=how)
    return _line(view, text, mark)


def _line(view: View, text: str, mark: Mark) -> Line:
    if mark.region is not None and mark.region.doubtful:
        text = view.phrases.part("mark-doubtful", sentence=text)
    elif any(one.doubtful for one in mark.measurements):
        text = view.phrases.part("mark-figures-doubtful", sentence=text)
    return Line("Findings", view.phrases.finished(text), "measured", evidence(view, mark))


def _rest(view: View, rest: Sequence[Mark]) -> Line:
    words = forms(view, rest[0].concept, certain=rest[0].certain)
    briefs = [
        view.phrases.part(
            "mark-brief", a=words["a"], where=where(view, mark), how=sized(view, mark)
        )
        for mark in rest
    ]
    key = f"marked-{rest[0].voice}-rest"
    text = view.phrases.say(key, many=words["many"], list=view.phrases.beside(briefs))
    proofs = dict.fromkeys(one for mark in rest for one in evidence(view, mark))
    return Line("Findings", text, "measured", tuple(proofs))
