"""Ids of findings, measurements and regions made unique over a case, and references proved."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from medmm.errors import ExpertError
from medmm.nouns import ExpertResult, Finding, Measurement, Study


class Numbering:
    """Hands out r1, m1, f1, ... over all results of one case, in order."""

    def __init__(self) -> None:
        self._regions, self._measurements, self._findings = count(1), count(1), count(1)

    def renumber(self, result: ExpertResult) -> ExpertResult:
        """The result under the case's ids, every reference inside following.

        Call it only with a result that `prove` let pass.
        """
        regions = {one.id: f"r{next(self._regions)}" for one in result.regions}
        measured = {one.id: f"m{next(self._measurements)}" for one in result.measurements}
        return replace(
            result,
            regions=tuple(one.renamed(regions[one.id]) for one in result.regions),
            measurements=tuple(
                replace(one, id=measured[one.id], region=one.region and regions[one.region])
                for one in result.measurements
            ),
            findings=tuple(
                replace(
                    one,
                    id=f"f{next(self._findings)}",
                    regions=tuple(regions[ref] for ref in one.regions),
                    measurements=tuple(measured[ref] for ref in one.measurements),
                )
                for one in result.findings
            ),
        )


def prove(result: ExpertResult, study: Study) -> None:
    """Refuse a result that contradicts itself: nothing of it may reach a draft.

    Raises:
        ExpertError: an id is there twice, a reference leads nowhere, a value is no number, a
            region lies on a series that the study does not have.
    """
    series = {(one.uid, one.key) for one in study.series}
    regions = _by_id(result.expert, "region", [one.id for one in result.regions])
    measured = _by_id(result.expert, "measurement", [one.id for one in result.measurements])
    _by_id(result.expert, "finding", [one.id for one in result.findings])
    for region in result.regions:
        if (region.series_uid, region.series_key) not in series:
            raise _broken(result.expert, f"region {region.id!r} on a series that is not there")
    for one in result.measurements:
        _prove_measurement(result.expert, one, regions)
    for finding in result.findings:
        _prove_finding(result.expert, finding, regions, measured)


def _prove_measurement(expert: str, one: Measurement, regions: frozenset[str]) -> None:
    spread = one.uncertainty.value if one.uncertainty else 0.0
    if not math.isfinite(one.value) or not math.isfinite(spread) or spread < 0:
        raise _broken(expert, f"{one.name!r} with a value or uncertainty that is no number")
    if one.region is not None and one.region not in regions:
        raise _broken(expert, f"{one.name!r} of a region that is not there")
    if not one.unit:
        raise _broken(expert, f"{one.name!r} without a unit")


def _prove_finding(
    expert: str, finding: Finding, regions: frozenset[str], measured: frozenset[str]
) -> None:
    lost = [ref for ref in finding.regions if ref not in regions]
    lost += [ref for ref in finding.measurements if ref not in measured]
    if lost:
        raise _broken(
            expert, f"finding {finding.id!r} that points at {lost[0]!r}, which is nowhere"
        )
    probability = finding.probability
    if probability is not None and not 0.0 <= probability <= 1.0:
        raise _broken(expert, f"finding {finding.id!r} with a probability outside 0 to 1")


def _by_id(expert: str, what: str, ids: Iterable[str]) -> frozenset[str]:
    counts = Counter(ids)
    for one, times in counts.items():
        if times > 1:
            raise _broken(expert, f"{what} id {one!r} {times} times")
    return frozenset(counts)


def _broken(expert: str, what: str) -> ExpertError:
    return ExpertError(f"{expert} returned {what}; its result was left out.")
