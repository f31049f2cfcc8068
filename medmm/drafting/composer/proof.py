"""Evidence for sentences: pointers with a line that says what they point at."""

from collections.abc import Iterable

from medmm.drafting.composer.view import View
from medmm.drafting.figures import slice_number
from medmm.nouns import Evidence, Finding, Measurement, Prior, Region


def of_measurement(view: View, measurement: Measurement) -> Evidence:
    """A measurement with its full value, uncertainty and method."""
    region = view.regions.get(measurement.region or "")
    where = f"{region.label}, " if region else ""
    spread = measurement.uncertainty
    about = f" ± {spread.value:.3g} ({spread.kind})" if spread else ""
    by = f"{measurement.expert}: {measurement.method}" if measurement.method else measurement.expert
    value = f"{measurement.value:.6g} {measurement.unit}{about}"
    return Evidence("measurement", measurement.id, f"{where}{measurement.name} {value}, by {by}")


def of_measurements(view: View, measurements: Iterable[Measurement]) -> tuple[Evidence, ...]:
    """Several measurements."""
    return tuple(of_measurement(view, one) for one in measurements)


def of_finding(finding: Finding, region: Region | None = None) -> Evidence:
    """A finding, and the region of it that the sentence speaks of."""
    where = f", {region.label} {region.id}" if region else ""
    if region and region.slice is not None:
        where += f" on slice {slice_number(region.slice)}"
    chance = ""
    if finding.probability is not None:
        kind = "calibrated" if finding.calibrated else "uncalibrated"
        percent = f"{100.0 * finding.probability:.3g}"
        chance = f" with a probability of {percent}% ({kind})"
    told = f"{finding.concept.meaning} {finding.presence}{chance}{where}, by {finding.source}"
    return Evidence("finding", finding.id, told)


def of_prior(prior: Prior, measurement: Measurement) -> Evidence:
    """A measurement of the prior study."""
    label = prior.labels.get(measurement.region or "", "")
    where = f"{label}, " if label else ""
    spread = measurement.uncertainty
    about = f" ± {spread.value:.3g} ({spread.kind})" if spread else ""
    when = f" on {prior.study.date[:10]}" if prior.study.date else ""
    told = f"{where}{measurement.name} {measurement.value:.6g} {measurement.unit}{about}{when}"
    return Evidence("prior", measurement.id, told)


def of_prior_study(prior: Prior) -> Evidence:
    """The prior study itself."""
    return Evidence("prior", prior.study.uid, f"study of {prior.study.date[:10] or 'unknown date'}")
