"""The words of one language: a table of sentences, names and figures, read from TOML."""

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from medmm.drafting.comparison import IntervalUnit
from medmm.drafting.figures import Shown
from medmm.errors import MissingError

REFERENCE = "en"


@dataclass(frozen=True)
class Phrases:
    """Words of one language. Names that a table lacks are written as their labels say them."""

    language: str
    table: Mapping[str, Any]

    @classmethod
    def of(cls, text: str) -> Self:
        """A table from TOML.

        Raises:
            MissingError: sentences that the composer says are not in it.
        """
        table = tomllib.loads(text)
        language = table.get("language", "?")
        lacking = missing_sentences(table.get("sentences", {}))
        if lacking:
            raise MissingError(
                f"The phrase table {language!r} lacks {len(lacking)} sentences: "
                f"{', '.join(sorted(lacking)[:5])}.",
                "Give it the keys, and the fields in braces, that phrases/en.toml has.",
            )
        return cls(language, table)

    def part(self, key: str, **values: str) -> str:
        """A piece of a sentence."""
        template: str = self.table["sentences"][key]
        return template.format_map(values)

    def say(self, key: str, **values: str) -> str:
        """A whole sentence with capital and full stop; an expert's name stays as it is."""
        text = self.part(key, **values)
        named = self.table["sentences"][key].startswith("{expert")
        return self._stopped(text) if named else self.finished(text)

    def finished(self, text: str) -> str:
        """Text with its full stop; a plain first word gets its capital, an identifier does not."""
        first = text.split(" ", 1)[0].rstrip(",;:")
        if first.replace("-", "").isalpha() and first.islower():
            text = text[0].upper() + text[1:]
        return self._stopped(text)

    def _stopped(self, text: str) -> str:
        stop: str = self.table["grammar"]["stop"]
        return text if text.endswith(stop) else text + stop

    def quoted(self, text: str) -> str:
        """Somebody's sentence made fit to follow a colon: no full stop, no capital article."""
        line = text.strip().removesuffix(".")
        first = line.split(" ", 1)[0]
        return line[0].lower() + line[1:] if first in self.table["grammar"]["lowered"] else line

    def listing(self, items: Sequence[str]) -> str:
        """Items with commas and a last word between."""
        grammar = self.table["grammar"]
        if len(items) < 2:
            return "".join(items)
        between: str = grammar["between"]
        last: str = grammar["last"]
        return between.join(items[:-1]) + last + items[-1]

    def enumeration(self, items: Sequence[str]) -> str:
        """Items with commas only."""
        between: str = self.table["grammar"]["between"]
        return between.join(items)

    def beside(self, items: Sequence[str]) -> str:
        """Items that have commas inside, side by side."""
        between: str = self.table["grammar"]["beside"]
        return between.join(items)

    def several(self, names: Sequence[str]) -> bool:
        """Whether names take a plural verb."""
        return len(names) > 1 or any(name in self.table["grammar"]["plural"] for name in names)

    def figure(self, shown: Shown) -> str:
        """A figure with its unit and, if it is one, as a bound."""
        units = self.table["figures"]["units"]
        template = units.get(shown.unit, self.table["figures"]["value" if shown.unit else "bare"])
        text: str = template.format(number=shown.number, unit=shown.unit)
        if not shown.bound:
            return text
        bound: str = self.table["figures"]["less" if shown.bound == "less than" else "more"]
        return bound.format(value=text)

    def pair(self, first: str, second: str) -> str:
        """Two figures of one thing, the unit after the second."""
        template: str = self.table["figures"]["pair"]
        return template.format(first=first, second=second)

    def signed(self, shown: Shown, *, rise: bool) -> str:
        """A change's figure with its sign; a bound has none."""
        text = self.figure(shown)
        if shown.bound or shown.number == "0":
            return text
        template: str = self.table["figures"]["rise" if rise else "fall"]
        return template.format(value=text)

    def day(self, iso: str) -> str:
        """An ISO 8601 date in words."""
        year, month, day = iso[:10].split("-")
        template: str = self.table["dates"]["day"]
        months: list[str] = self.table["dates"]["months"]
        return template.format(day=int(day), month=months[int(month) - 1], year=year)

    def interval(self, count: int, unit: IntervalUnit) -> str:
        """A span of time in words."""
        one, many = self.table["dates"]["intervals"][unit]
        template: str = one if count == 1 else many
        return template.format(count=count)

    def name(self, kind: str, key: str, fallback: str = "") -> str:
        """A name from a table of names, or ``fallback``, or the key itself."""
        found: str = self.table.get(kind, {}).get(key, fallback or key)
        return found

    def forms(self, kind: str, key: str) -> Mapping[str, str]:
        """The forms of a name ("a", "name", "many"; "one", "right", ...); empty if unknown."""
        found: Mapping[str, str] = self.table.get(kind, {}).get(key, {})
        return found

    def certainty(self, probability: float) -> str:
        """The word for a calibrated probability."""
        levels = self.table["certainty"]
        words: str = next(one["words"] for one in levels if probability >= one["from"])
        return words


@cache
def phrases(language: str = REFERENCE) -> Phrases:
    """The table of a language that ships.

    Raises:
        MissingError: there is none, or it is not whole.
    """
    file = files("medmm.drafting") / "phrases" / f"{Path(language).name}.toml"
    if not file.is_file():
        raise MissingError(f"There is no phrase table for {language!r}.", "Use 'en'.")
    return Phrases.of(file.read_text(encoding="utf-8"))


def missing_sentences(sentences: Mapping[str, str]) -> set[str]:
    """Keys of the English table that are not there, or that use other fields than it does."""
    reference = _english()
    return {
        key
        for key, template in reference.items()
        if key not in sentences or not _fields(sentences[key]) <= _fields(template)
    }


@cache
def _english() -> Mapping[str, str]:
    file = files("medmm.drafting") / "phrases" / f"{REFERENCE}.toml"
    sentences: Mapping[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))["sentences"]
    return sentences


def _fields(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}
