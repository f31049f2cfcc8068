"""Text into tokens with their places, spellings made one and plurals made singular."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGE = "en"

_TOKEN = re.compile(
    r"(?P<short>(?i:w/o|s/p|h/o|r/o|y/o|g/ml|m/s|\+/-)(?!\w))"
    r"|(?P<unit>(?i:cm|mm|dm)\^?[23](?!\w)|°[Cc](?!\w))"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<code>[^\W\d_]+\d\w*)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)?)"
    r"|(?P<mark>[^\s\w]|_)",
)
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])|(?<=\d)-(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark; ``start`` and ``end`` are places in the plain text."""

    text: str
    low: str
    stem: str
    start: int
    end: int
    kind: str


@cache
def data(name: str) -> dict[str, Any]:
    """One table of the lexicon by file name without ending."""
    file = files("medmm.drafting.checks") / "lexicon" / LANGUAGE / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))


def tokenise(text: str) -> tuple[Token, ...]:
    """Tokens of a text that `characters.plain` made; hyphens inside words part them."""
    spaced = _HYPHEN.sub(" ", text)
    return tuple(
        _token(found.group(), found.start(), found.lastgroup or "mark")
        for found in _TOKEN.finditer(spaced)
    )


def _token(text: str, start: int, kind: str) -> Token:
    low = spelled(text.lower())
    return Token(text, low, singular(low), start, start + len(text), kind)


@cache
def spelled(low: str) -> str:
    """The one spelling of a lower-case word that the lexicon uses."""
    for british, american in data("spelling")["twins"].items():
        low = low.replace(british, american)
    return low


@cache
def singular(low: str) -> str:
    """A noun without its plural ending, by rule and by the lexicon's exceptions."""
    known: str | None = data("spelling")["singulars"].get(low)
    if known:
        return known
    if len(low) < 4 or low.endswith(("ss", "us", "is", "'s")):
        return low.removesuffix("'s")
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith(("sses", "xes", "ches", "shes")):
        return low[:-2]
    return low.removesuffix("s")
