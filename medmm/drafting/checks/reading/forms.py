"""Regular expressions of the lexicon, for what has a form of its own (numbers, links, markup)."""

import re
from functools import cache

from medmm.drafting.checks.reading.tokens import data


@cache
def forms(of: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The forms of one list in ``patterns.toml``, each with what it is."""
    return tuple((re.compile(one["form"]), one["name"]) for one in data("patterns")[of])
