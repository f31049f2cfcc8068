"""Indication and Comparison: what was asked, and what there is to compare with."""

from collections.abc import Iterator

from medmm.drafting.cleaning import sentence
from medmm.drafting.comparison import days_between, interval
from medmm.drafting.composer import proof
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.technique import examination
from medmm.drafting.composer.view import View
from medmm.nouns import Evidence, Prior


def indication(view: View) -> Iterator[Line]:
    """The order's own words, cleaned; nothing where nobody gave any."""
    text = sentence(view.case.indication or "")
    if text:
        yield Line("Indication", text, "recorded", (Evidence("order", "indication", text),))


def comparison(view: View) -> Iterator[Line]:
    """The prior study with its date and distance, or that there was none."""
    prior = view.case.prior
    if prior is None:
        text = view.phrases.say("no-prior")
        told = "No prior study was given to this draft."
        yield Line("Comparison", text, "recorded", (Evidence("platform", "prior", told),))
        return
    evidence = (proof.of_prior_study(prior), Evidence("header", "StudyDate", view.case.study.date))
    yield Line("Comparison", _compared(view, prior), "recorded", evidence)


def _compared(view: View, prior: Prior) -> str:
    series = prior.study.usable or prior.study.series
    what = examination(view, series[0]) if series else ""
    days = days_between(prior.study.date, view.case.study.date)
    if days is None:
        return view.phrases.say("prior-undated", what=what)
    if days == 0:
        return view.phrases.say("prior-same-day", what=what)
    span = view.phrases.interval(*interval(abs(days)))
    key = "prior-earlier" if days > 0 else "prior-later"
    return view.phrases.say(key, what=what, date=view.phrases.day(prior.study.date), interval=span)
