"""References: what the knowledge says, quoted with its source, and never about this patient."""

from collections.abc import Iterator

from medmm.drafting.cleaning import clean
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.view import View
from medmm.drafting.quoting import quote, shown_id
from medmm.nouns import Evidence, Passage


def references(view: View) -> Iterator[Line]:
    """Each passage that the retriever kept, once, in its order."""
    for passage in view.case.passages:
        if passage.kept and quote(passage):
            evidence = (Evidence("passage", passage.id, _told(passage)),)
            yield Line("References", _text(view, passage), "reference", evidence)


def _text(view: View, passage: Passage) -> str:
    return view.phrases.say(
        "reference" if passage.version else "reference-unversioned",
        text=quote(passage),
        document=clean(passage.document),
        version=clean(passage.version),
        passage=shown_id(passage),
    )


def _told(passage: Passage) -> str:
    version = f", version {clean(passage.version)}" if passage.version else ""
    return f"{clean(passage.document)}{version}, domain {clean(passage.domain)}"
