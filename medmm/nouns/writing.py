"""What a writer is given."""

from dataclasses import dataclass

from medmm.nouns.draft import ExpertRun
from medmm.nouns.experts import ExpertResult
from medmm.nouns.passages import Passage
from medmm.nouns.study import Prior, Study


@dataclass(frozen=True, eq=False)
class Case:
    """One study with everything that may be said of it.

    ``results`` have ids that are unique over the whole case. ``runs`` lists who ran and
    who refused.
    """

    study: Study
    results: tuple[ExpertResult, ...]
    runs: tuple[ExpertRun, ...] = ()
    passages: tuple[Passage, ...] = ()
    indication: str | None = None
    prior: Prior | None = None
