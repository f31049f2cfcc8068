"""Findings: what the draft cannot say, each limit once."""

from collections.abc import Iterator

from medmm.drafting import examinations
from medmm.drafting.cleaning import sentence
from medmm.drafting.composer import marks
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.names import template_name
from medmm.drafting.composer.view import View
from medmm.nouns import Evidence


def limits(view: View) -> Iterator[Line]:
    """Notes of experts, caveats, what nobody assessed, who did not run and who failed."""
    yield from _notes(view)
    yield from _caveats(view)
    yield from _silent(view)
    yield from _not_assessed(view)
    yield from _runs(view)


def _notes(view: View) -> Iterator[Line]:
    """Why an expert is in doubt, and what it notes; what one sentence holds is not said again."""
    said: dict[str, list[str]] = {}
    for result in view.case.results:
        doubt = result.applicability.status == "doubtful"
        notes = [result.applicability.reason] if doubt else []
        for note in (*notes, *result.notes):
            text = sentence(note)
            holder = next((one for one in said if text in one), text)
            if text:
                said.setdefault(holder, []).append(result.expert)
    for text, experts in said.items():
        evidence = tuple(
            Evidence("platform", f"expert:{name}", text) for name in dict.fromkeys(experts)
        )
        yield Line("Findings", text, "recorded", evidence)


def _caveats(view: View) -> Iterator[Line]:
    """That marks come from a demonstrator, once for each expert and concept."""
    said: dict[tuple[str, str], str] = {}
    for mark in marks.marks(view):
        if mark.voice == "demonstrator":
            many = marks.forms(view, mark.concept)["many"]
            key = (mark.result.expert, many)
            said[key] = view.phrases.say("caveat", many=many, expert=mark.result.expert)
    for (expert, _), text in said.items():
        told = f"The card of {expert} says demonstrator."
        evidence = (Evidence("platform", f"expert:{expert}", told),)
        yield Line("Findings", text, "recorded", evidence)


def _silent(view: View) -> Iterator[Line]:
    """Structures that an expert looked at and said nothing of."""
    spoken = {region.label.lower() for region in view.regions.values()}
    for _, finding in view.findings:
        concept = view.concept(finding)
        spoken |= {finding.concept.meaning.lower(), concept.key, *concept.meanings}
    spoken |= {one.name for one in view.measurements.values()}
    names, experts = [], []
    for result in view.case.results:
        # A figure of the whole study may be the answer to any of the expert's questions.
        whole = any(one.region is None for one in result.measurements)
        quiet = [] if whole else [one for one in result.assessed if not _said(one, spoken)]
        names += [one.strip().lower() for one in quiet]
        experts += [result.expert for _ in quiet]
    if names:
        evidence = tuple(
            Evidence("platform", f"expert:{one}", "looked at and not reported")
            for one in dict.fromkeys(experts)
        )
        text = _listed(view, "nothing-reported", list(dict.fromkeys(names)))
        yield Line("Findings", text, "recorded", evidence)


def _said(name: str, spoken: set[str]) -> bool:
    """Whether a structure was spoken of, be it in a longer or a shorter name."""
    plain = name.strip().lower()
    return any(plain in one or one in plain for one in spoken)


def _not_assessed(view: View) -> Iterator[Line]:
    names = examinations.not_assessed(view.templates, view.assessed)
    if not view.assessed:
        text = view.phrases.say("nothing-assessed")
    elif view.templates and not names:
        return
    elif view.templates:
        text = _listed(view, "not-assessed", names)
    else:
        text = _listed(view, "only-assessed", sorted(view.assessed))
    known = ", ".join(one.name for one in view.templates) or "none for this examination"
    told = f"template: {known}; assessed: {', '.join(sorted(view.assessed)) or 'nothing'}"
    yield Line("Findings", text, "recorded", (Evidence("platform", "assessed", told),))


def _listed(view: View, key: str, names: list[str] | tuple[str, ...]) -> str:
    number = "many" if view.phrases.several(names) else "one"
    listed = view.phrases.listing([template_name(view, name) for name in names])
    return view.phrases.say(f"{key}-{number}", list=listed)


def _runs(view: View) -> Iterator[Line]:
    """Experts that refused or failed, those with one reason together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for run in view.case.runs:
        if run.status != "ran":
            groups.setdefault((run.status, run.reason), []).append(run.name)
    for (status, reason), names in groups.items():
        experts = view.phrases.listing(list(dict.fromkeys(names)))
        if status == "failed":
            text = view.phrases.say("failed", experts=experts, reason=view.phrases.quoted(reason))
        elif reason:
            text = view.phrases.say("not-run", experts=experts, reason=view.phrases.quoted(reason))
        else:
            text = view.phrases.say("not-run-bare", experts=experts)
        evidence = tuple(
            Evidence("platform", f"expert:{name}", f"{status}: {reason}")
            for name in dict.fromkeys(names)
        )
        yield Line("Findings", text, "recorded", evidence)
