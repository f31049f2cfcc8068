"""What experts, prior and header say of a patient, in the words of the lexicon."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.quantities import figures, unit_of
from medmm.drafting.checks.reading.sentence import Reading, read
from medmm.drafting.checks.reading.sides import NONE, Sides
from medmm.drafting.checks.reading.tokens import tokenise
from medmm.drafting.checks.recompute import disagrees
from medmm.nouns import Case, Finding, Measurement, Prior, Region, Series
from medmm.nouns.findings import Presence

# Header keywords that are figures, and what they measure.
HEADER_FIGURES: Mapping[str, str] = {
    "SliceThickness": "length",
    "SpacingBetweenSlices": "length",
    "PixelSpacing": "length",
    "ImagerPixelSpacing": "length",
    "ReconstructionDiameter": "length",
    "DataCollectionDiameter": "length",
    "KVP": "tube voltage",
    "Exposure": "tube charge",
    "MagneticFieldStrength": "field strength",
    "EchoTime": "echo time",
    "RepetitionTime": "echo time",
    "FlipAngle": "angle",
    "CTDIvol": "dose",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a region, finding or sentence is about: a kind of finding, or anatomy alone."""

    kind: str
    sites: frozenset[str]
    sides: Sides = NONE


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding that an expert gave; ``shown`` says that it has a place or a measurement."""

    subject: Subject
    presence: Presence
    source: str
    meaning: str
    shown: bool = True

    @property
    def there(self) -> bool:
        """Whether the expert found something: it says so, or marks the place of a doubtful one."""
        return self.presence == "present" or (self.presence == "uncertain" and self.shown)


@dataclass(frozen=True, slots=True)
class KnownFigure:
    """A measured value in base units (mm, mL, HU, %), what it is of, and what its mask says.

    ``again`` is the value that the stored mask gives where that is another one.
    """

    measurement: Measurement
    measure: str
    dimension: str
    value: float
    subject: Subject | None
    again: float | None = None


@dataclass(frozen=True, slots=True)
class LooseFigure:
    """A figure in a header or a text, without a subject."""

    dimension: str
    value: float
    source: str


def subject_of(reading: Reading, sides: Sides = NONE) -> Subject | None:
    """The subject of a label or of a coded meaning ("lung nodule", "Pleural effusion")."""
    named = sides or frozenset(side for word in reading.side_words for side in word.sides)
    own = frozenset(side for place in reading.places for side in place.sides)
    if reading.claims:
        claim = max(reading.claims, key=lambda one: len(lexicon.lineage(one.kind)))
        return Subject(claim.kind, claim.sites, named or own)
    organs = frozenset(place.organ for place in reading.places)
    return Subject("", organs, named or own) if organs else None


def known_findings(case: Case) -> Iterator[KnownFinding]:
    """Findings of all experts; a labelled region without a finding counts as present."""
    for result in case.results:
        regions = {region.id: region for region in result.regions}
        spoken: set[str] = set()
        for finding in result.findings:
            spoken.update(finding.regions)
            subject = _finding_subject(finding, regions)
            if subject:
                shown = bool(finding.regions or finding.measurements)
                meaning = finding.concept.meaning
                yield KnownFinding(subject, finding.presence, result.expert, meaning, shown)
        for region in result.regions:
            subject = _region_subject(region)
            if subject and subject.kind and region.id not in spoken:
                yield KnownFinding(subject, "present", result.expert, region.label)


def known_figures(case: Case) -> Iterator[KnownFigure]:
    """Measurements of this study."""
    for result in case.results:
        regions = {region.id: region for region in result.regions}
        for measurement in result.measurements:
            region = regions.get(measurement.region or "")
            subject = _region_subject(region) if region else None
            yield from _figure(measurement, subject, region, _series_of(region, case))


def prior_figures(prior: Prior | None) -> Iterator[KnownFigure]:
    """Measurements of the prior study; its labels say what each region was."""
    if prior is None:
        return
    for measurement in prior.measurements:
        label = prior.labels.get(measurement.region or "", "")
        yield from _figure(measurement, subject_of(read(label)), None)


def loose_figures(case: Case, texts: Iterable[tuple[str, str]]) -> Iterator[LooseFigure]:
    """Figures of headers, order and evidence texts (source, text)."""
    for series in case.study.series:
        for gap in series.spacing_mm or ():
            yield LooseFigure("length", gap, "header")
        for keyword, value in series.header.items():
            dimension = HEADER_FIGURES.get(keyword)
            if dimension:
                for part in re.findall(r"\d+(?:\.\d+)?", value):
                    yield LooseFigure(dimension, float(part), "header")
            else:
                yield from _text_figures("header", value)
        yield from _text_figures("header", series.description)
    for result in case.results:
        for finding in result.findings:
            if finding.calibrated and finding.probability is not None:
                yield LooseFigure("ratio", 100.0 * finding.probability, "finding")
    for source, text in texts:
        yield from _text_figures(source, text)
    years = re.fullmatch(r"0*(\d+)([YMWD])", case.study.patient.age)
    if years:
        per_year = {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}[years.group(2)]
        yield LooseFigure("age", int(years.group(1)) / per_year, "header")


def relation(kind: str, sites: frozenset[str], known: Subject) -> str:
    """How a claimed kind stands to a known one at the same place: same, wider, narrower or ""."""
    if not known.kind:
        return ""
    if not _places_meet(kind, sites, known):
        return ""
    one, other = lexicon.meaning(kind), lexicon.meaning(known.kind)
    if one == other:
        return "same"
    if one in lexicon.lineage(known.kind):
        return "wider"
    if other in lexicon.lineage(kind):
        return "narrower"
    return ""


def sides_meet(one: Sides, other: Sides) -> bool:
    """Whether two sides may be the same one; unknown meets any."""
    return not one or not other or bool(one & other)


def _places_meet(kind: str, sites: frozenset[str], known: Subject) -> bool:
    if not sites:
        return True
    if not known.sites:
        return kind != lexicon.ROOT
    if kind == lexicon.ROOT:
        return any(lexicon.lies_in(other, one) for one in sites for other in known.sites)
    return any(lexicon.same_place(one, other) for one in sites for other in known.sites)


def _finding_subject(finding: Finding, regions: Mapping[str, Region]) -> Subject | None:
    held = [regions[key] for key in finding.regions if key in regions]
    sides = frozenset(side for region in held for side in _sides(region))
    subject = subject_of(read(finding.concept.meaning), sides)
    if subject and subject.kind:
        return subject
    kind = lexicon.codes().get(finding.concept.code)
    if kind is None:
        return None
    entry = lexicon.kinds()[kind]
    sites = frozenset(site for site in (entry.site or entry.default_site,) if site)
    return Subject(kind, sites, sides)


def _region_subject(region: Region) -> Subject | None:
    return subject_of(read(region.label), _sides(region))


def _sides(region: Region) -> Sides:
    if region.laterality == "both":
        return frozenset(("left", "right"))
    return frozenset((region.laterality,)) if region.laterality else NONE


def _series_of(region: Region | None, case: Case) -> Series | None:
    if region is None:
        return None
    wanted = (region.series_uid, region.series_key)
    return next((one for one in case.study.series if (one.uid, one.key) == wanted), None)


def _figure(
    measurement: Measurement,
    subject: Subject | None,
    region: Region | None,
    series: Series | None = None,
) -> Iterator[KnownFigure]:
    unit = unit_of(measurement.unit)
    name = measurement.name.lower()
    measure = next((key for key, one in lexicon.measures().items() if name in one.names), name)
    dimension = unit.dimension if unit else measurement.unit
    value = measurement.value * (unit.factor if unit else 1.0)
    again = disagrees(measurement, region, measure, series) if region else None
    yield KnownFigure(measurement, measure, dimension, value, subject, again)


def _text_figures(source: str, text: str) -> Iterator[LooseFigure]:
    for figure in figures(tokenise(plain(text[:2000]))):
        if figure.unit:
            yield LooseFigure(figure.unit.dimension, figure.value, source)
