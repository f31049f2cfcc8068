"""Passages that are no knowledge: they speak to a writer or a model, or of one patient.

They stay in the database and can be read there, and are never quoted in a draft. This is a second
wall: a quoted passage stands apart as a `reference` in any case, and the check "reference leak"
looks whether one got into what a draft says of the patient. The patterns are data
(``rag/not_knowledge.toml``).
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

Barred = Literal["instruction", "patient_claim"]
_WHITE = {" ?": r"\s*", " ": r"\s+"}


def barred(text: str) -> Barred | None:
    """Why a passage may not be quoted, or None."""
    return next((name for name, pattern in _patterns() if pattern.search(text)), None)


@cache
def _patterns() -> tuple[tuple[Barred, re.Pattern[str]], ...]:
    table = tomllib.loads((files("rag") / "not_knowledge.toml").read_text(encoding="utf-8"))
    return tuple((name, _compiled(table[name])) for name in get_args(Barred))


def _compiled(patterns: list[str]) -> re.Pattern[str]:
    joined = "|".join(f"(?:{one})" for one in patterns)
    for blank, white in _WHITE.items():
        joined = joined.replace(blank, white)
    return re.compile(joined, re.IGNORECASE | re.MULTILINE | re.DOTALL)
