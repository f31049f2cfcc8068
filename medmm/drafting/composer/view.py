"""A case as the composer looks at it: everything by id, in reading order, with words and rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from medmm.drafting import examinations
from medmm.drafting.comparison import days_between, interval
from medmm.drafting.composer.phrases import Phrases
from medmm.drafting.composer.rules import Concept, Rules
from medmm.drafting.examinations import Template
from medmm.nouns import Case, ExpertResult, Finding, Measurement, Region, Series


@dataclass(frozen=True, eq=False)
class View:
    """One case with the words and the rules to speak of it."""

    case: Case
    phrases: Phrases
    rules: Rules

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """The examinations that this study is."""
        return examinations.fitting(self.case.study, self.case.results)

    @cached_property
    def assessed(self) -> frozenset[str]:
        """What experts say they looked at."""
        return examinations.assessed_names(self.case.results)

    @cached_property
    def regions(self) -> dict[str, Region]:
        """All regions by id."""
        return {one.id: one for result in self.case.results for one in result.regions}

    @cached_property
    def measurements(self) -> dict[str, Measurement]:
        """All measurements by id."""
        return {one.id: one for result in self.case.results for one in result.measurements}

    @cached_property
    def findings(self) -> tuple[tuple[ExpertResult, Finding], ...]:
        """All findings with the result that they come from."""
        return tuple((result, one) for result in self.case.results for one in result.findings)

    @cached_property
    def found_regions(self) -> frozenset[str]:
        """Ids of regions that some finding points at."""
        return frozenset(ref for _, finding in self.findings for ref in finding.regions)

    @cached_property
    def found_measurements(self) -> frozenset[str]:
        """Ids of measurements that some finding, or a region of one, owns."""
        named = {ref for _, finding in self.findings for ref in finding.measurements}
        owned = {one.id for one in self.measurements.values() if one.region in self.found_regions}
        return frozenset(named | owned)

    @cached_property
    def measured_series(self) -> tuple[Series, ...]:
        """The series that experts ran on, in the study's order."""
        keys = {key for run in self.case.runs if run.status == "ran" for key in run.series}
        return tuple(one for one in self.case.study.usable if one.key in keys)

    @cached_property
    def since_prior(self) -> str:
        """The time since the prior study in words, or ""."""
        prior = self.case.prior
        days = days_between(prior.study.date, self.case.study.date) if prior else None
        return self.phrases.interval(*interval(days)) if days and days > 0 else ""

    def of_region(self, region_id: str | None) -> list[Measurement]:
        """The measurements of one region (None: of the whole study) in speaking order."""
        own = [one for one in self.measurements.values() if one.region == region_id]
        return sorted(own, key=self.rules.rank)

    def concept(self, finding: Finding) -> Concept:
        """What rules know of a finding's concept."""
        return self.rules.concept(finding.concept)

    def in_reading_order(self, regions: Iterable[Region]) -> list[Region]:
        """Regions as a reader of this examination goes through them."""
        order = [
            name
            for template in self.templates
            for one in template.structures
            for name in (*one.parts, one.name, *one.also)
        ]
        return sorted(
            regions,
            key=lambda one: order.index(one.label) if one.label in order else len(order),
        )

    def namesakes(self, region: Region) -> list[Region]:
        """All regions that share a label and a side, this one included."""
        return [
            one
            for one in self.regions.values()
            if (one.label, one.laterality) == (region.label, region.laterality)
        ]

    def series_of(self, region: Region) -> Series | None:
        """The series that a region lies on."""
        wanted = (region.series_uid, region.series_key)
        return next((one for one in self.case.study.series if (one.uid, one.key) == wanted), None)

    def series_name(self, series: Series) -> str:
        """A series by its number, or by its place where numbers do not tell series apart."""
        all_series: Sequence[Series] = self.case.study.series
        numbers = [one.number for one in all_series]
        if series.number is not None and numbers.count(series.number) == 1:
            return self.phrases.part("series", number=str(series.number))
        place = [one.key for one in all_series].index(series.key) + 1
        return self.phrases.part("series-unnamed", number=str(place))
