"""Questions to the knowledge: one per thing that was found, never with a word of the patient's."""

from collections.abc import Sequence

from medmm.drafting import examinations
from medmm.drafting.recording import complaint
from medmm.nouns import ExpertResult, Passage, Query, Study
from medmm.seams import Retriever


def retrieve(
    results: Sequence[ExpertResult], study: Study, retriever: Retriever | None
) -> tuple[tuple[Passage, ...], str]:
    """Passages for the concepts that were found, each once, and a warning where that failed."""
    if retriever is None:
        return (), ""
    concepts = dict.fromkeys(
        finding.concept.meaning
        for result in results
        for finding in result.findings
        if finding.presence != "absent"
    )
    domains = (*(template.name for template in examinations.fitting(study, results)), "general")
    passages: dict[str, Passage] = {}
    try:
        for concept in concepts:
            for passage in retriever.retrieve(Query(concept, domains)):
                passages.setdefault(passage.id, passage)
    except Exception as error:  # noqa: BLE001  knowledge explains; its absence stops nothing
        return (), f"The knowledge could not be asked. {complaint(error)}"
    return tuple(passages.values()), ""
