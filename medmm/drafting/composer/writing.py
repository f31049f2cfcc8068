"""The writer without a model: sections in order, statements numbered in order."""

from collections.abc import Callable, Iterator

from medmm import __version__
from medmm.drafting.composer.changes import changed
from medmm.drafting.composer.impression import impression
from medmm.drafting.composer.limits import limits
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.marks import denied, marked
from medmm.drafting.composer.measures import measures
from medmm.drafting.composer.opening import comparison, indication
from medmm.drafting.composer.phrases import Phrases, phrases
from medmm.drafting.composer.references import references
from medmm.drafting.composer.rules import rules
from medmm.drafting.composer.technique import technique
from medmm.drafting.composer.view import View
from medmm.nouns import Case, Statement, WriterInfo

CHAPTERS: tuple[Callable[[View], Iterator[Line]], ...] = (
    indication,
    technique,
    comparison,
    measures,
    marked,
    denied,
    changed,
    limits,
    impression,
    references,
)


class Composer:
    """A `medmm.seams.Writer` that speaks by rules; the same case gives the same statements."""

    info = WriterInfo("composer", "composer", __version__)

    def __init__(self, words: Phrases | None = None) -> None:
        self._words = words or phrases()

    def write(self, case: Case) -> list[Statement]:
        """Statements s1, s2, ... in the order of their sections, each with its evidence."""
        view = View(case, self._words, rules())
        lines = [line for chapter in CHAPTERS for line in chapter(view)]
        return [
            Statement(f"s{number}", line.section, line.text, line.state, line.evidence)
            for number, line in enumerate(lines, 1)
        ]
