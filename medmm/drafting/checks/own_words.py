"""What the case itself says in words: the order, headers, prior, notes, and our own sentences."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from medmm.drafting.checks import known
from medmm.drafting.checks.knowledge import Span, content, spans, stem
from medmm.drafting.checks.known import LooseFigure
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.sentence import Claim, read
from medmm.drafting.checks.reading.tokens import tokenise
from medmm.drafting.composer import Composer
from medmm.drafting.composer.phrases import phrases
from medmm.nouns import Case, Prior, Study

_FIELD = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, eq=False, slots=True)
class OwnWords:
    """Words of a case that no passage has to lend.

    ``sentences`` are what our rules say of the case without any passage; they follow from experts'
    results alone. ``claims`` and ``figures`` are those of the texts that people, headers and
    experts gave; what a writer says of its own evidence is none of them.
    """

    sentences: frozenset[str]
    spans: frozenset[Span]
    stems: frozenset[str]
    claims: tuple[Claim, ...]
    figures: tuple[LooseFigure, ...]

    @classmethod
    def of(cls, case: Case, covered: frozenset[str]) -> "OwnWords":
        """Gather the words of a case."""
        said = [one.text for one in Composer().write(replace(case, passages=()))]
        texts = [text for text in _texts(case) if text]
        whole = [tokenise(plain(text)) for text in (*said, *texts, *_fixed())]
        return cls(
            frozenset(said),
            frozenset(span for tokens in whole for span, _ in spans(tokens)),
            frozenset(stem(token) for tokens in whole for token in content(tokens)),
            tuple(claim for text in texts for claim in read(text, covered).claims),
            tuple(known.loose_figures(case, [("text", text) for text in texts])),
        )

    def back(self, claim: Claim) -> bool:
        """Whether the order, a header, the prior or a note makes the same claim."""
        return any(same_claim(claim, one) and claim.presence == one.presence for one in self.claims)


def same_claim(one: Claim, other: Claim) -> bool:
    """Whether two claims may be of one finding; what one of them leaves open does not part them."""
    if lexicon.meaning(one.kind) != lexicon.meaning(other.kind):
        return False
    if not known.sides_meet(one.sides, other.sides):
        return False
    if not one.sites or not other.sites:
        return True
    return any(lexicon.same_place(here, there) for here in one.sites for there in other.sites)


def _texts(case: Case) -> Iterator[str]:
    yield case.indication or ""
    yield from _of_study(case.study)
    if case.prior:
        yield from _of_prior(case.prior)
    for result in case.results:
        yield from result.notes
        yield result.applicability.reason
        yield from (one.method for one in result.measurements)
    yield from (run.reason for run in case.runs)


def _of_study(study: Study) -> Iterator[str]:
    yield study.description
    for series in study.series:
        yield series.description
        yield from series.header.values()


def _of_prior(prior: Prior) -> Iterable[str]:
    return (*_of_study(prior.study), *prior.labels.values())


@cache
def _fixed() -> tuple[str, ...]:
    """What our phrases say whatever the case."""
    sentences: Iterable[str] = phrases().table["sentences"].values()
    return tuple(piece for text in sentences for piece in _FIELD.split(text) if piece.strip())
