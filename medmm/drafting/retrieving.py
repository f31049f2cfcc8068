"""Questions to the knowledge: of each thing that was found, never with a word of the patient's.

A query is made of the coded concept of a finding, its largest diameter and what is asked about it;
nothing of the header but modality and body part, and nothing of the order, goes into one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from medmm.drafting import examinations
from medmm.drafting.recording import complaint
from medmm.nouns import ExpertResult, Finding, Passage, Query, Region, Series, Study
from medmm.seams import Retriever

GENERAL = "general"
ASPECTS = ("{what}", "{what}: follow-up and management")
"""What a reader would look up of a finding: how it looks and what else it may be; what to do."""
LIMIT = 2
"""Passages that each of these questions may bring."""
DIAMETER = "long axis"


def retrieve(
    results: Sequence[ExpertResult], study: Study, retriever: Retriever | None
) -> tuple[tuple[Passage, ...], str]:
    """Passages for what was found, each once, and a warning where that failed."""
    return look_up(queries(results, study), retriever) if retriever is not None else ((), "")


def look_up(asked: Sequence[Query], retriever: Retriever) -> tuple[tuple[Passage, ...], str]:
    """The passages of several questions, each once, and a warning where that failed.

    One that some question kept is kept.
    """
    passages: dict[str, Passage] = {}
    try:
        for query in asked:
            for passage in retriever.retrieve(query):
                there = passages.get(passage.id)
                if there is None or (passage.kept, passage.score) > (there.kept, there.score):
                    passages[passage.id] = passage
    except Exception as error:  # noqa: BLE001  knowledge explains; its absence stops nothing
        return (), f"The knowledge could not be asked. {complaint(error)}"
    return tuple(passages.values()), ""


def queries(results: Sequence[ExpertResult], study: Study) -> list[Query]:
    """The questions of a study, each once; none where nothing was found."""
    named = tuple(template.name for template in examinations.fitting(study, results))
    asked: dict[str, Query] = {}
    for result in results:
        regions = {region.id: region for region in result.regions}
        for finding in result.findings:
            if finding.presence == "absent":
                continue
            series = _series(finding, regions, study)
            for text in _texts(finding, result):
                query = Query(
                    text,
                    (*named, GENERAL) if named else (),
                    limit=LIMIT,
                    codes=(finding.concept,),
                    modality=series.modality if series else "",
                    body_part=series.body_part if series else "",
                )
                asked.setdefault(text, query)
    return list(asked.values())


def asked_in_words(text: str, study: Study) -> Query:
    """A question in somebody's own words, without what names the patient.

    Names, numbers and dates of the header are taken out, and so is every date.
    """
    series = next(iter(study.usable), None)
    return Query(
        scrubbed(text, study),
        modality=series.modality if series else "",
        body_part=series.body_part if series else "",
    )


_DATE = re.compile(r"\b\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b|\b(19|20)\d{6}\b")
_LONG_NUMBER = re.compile(r"\b\d{5,}\b")
SHORTEST_NAME = 2


def scrubbed(text: str, study: Study) -> str:
    """The text without the patient's names, numbers and dates, and without any date."""
    patient = study.patient
    numbers = {patient.id, patient.birth_date, study.uid, study.date}
    numbers |= {series.origin.accession for series in study.series}
    for number in sorted((one.strip() for one in numbers), key=len, reverse=True):
        if len(number) > SHORTEST_NAME:
            text = re.sub(re.escape(number), " ", text, flags=re.IGNORECASE)
    for part in re.split(r"[\^=,\s]+", patient.name):
        if len(part) >= SHORTEST_NAME:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", " ", text, flags=re.IGNORECASE)
    text = _LONG_NUMBER.sub(" ", _DATE.sub(" ", text))
    return " ".join(text.split())


def _texts(finding: Finding, result: ExpertResult) -> Iterator[str]:
    what = finding.concept.meaning + _size(finding, result)
    for aspect in ASPECTS:
        yield aspect.format(what=what)


def _size(finding: Finding, result: ExpertResult) -> str:
    """The finding's largest diameter in whole millimetres, as guidelines ask for it."""
    own = {*finding.measurements}
    lengths = [
        one.value
        for one in result.measurements
        if one.name == DIAMETER
        and one.unit == "mm"
        and (one.id in own or one.region in finding.regions)
    ]
    return f" of {max(lengths):.0f} mm" if lengths else ""


def _series(finding: Finding, regions: Mapping[str, Region], study: Study) -> Series | None:
    """The series that the finding lies on, else the first that can be used."""
    places = {
        (regions[ref].series_uid, regions[ref].series_key)
        for ref in finding.regions
        if ref in regions
    }
    there = [one for one in study.usable if (one.uid, one.key) in places]
    return next(iter(there or study.usable), None)
