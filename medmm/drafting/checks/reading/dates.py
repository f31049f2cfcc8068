"""Dates in a text, in the forms that people write."""

import re
from dataclasses import dataclass
from datetime import date

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_NAME = "|".join(f"{month}|{month[:3]}" for month in MONTHS) + "|sept"
_FORMS = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(
        r"(?<![\d.])(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>(?:19|20)?\d\d)(?!\d)"
    ),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -](?P<n>{_NAME})\.?,?[ -]"
        r"(?P<y>(?:19|20)\d\d)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<n>{_NAME})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>(?:19|20)\d\d)",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)"),
    re.compile(rf"\b(?P<n>{_NAME})\.?,? (?P<y>(?:19|20)\d\d)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A date as written: the days it may mean (day first or month first), and its place.

    ``whole_month`` is a month without a day; its days are then the month's first.
    """

    days: tuple[date, ...]
    start: int
    end: int
    whole_month: bool = False

    def means(self, other: date) -> bool:
        """Whether ``other`` is the date, or lies in the month, that was written."""
        if self.whole_month:
            return any((day.year, day.month) == (other.year, other.month) for day in self.days)
        return other in self.days


def dates(text: str) -> list[Written]:
    """All dates of a text, from left to right; what is no possible day is no date."""
    found: list[Written] = []
    for form in _FORMS:
        for match in form.finditer(text):
            days = tuple(_days(match.groupdict()))
            taken = any(match.start() < one.end and one.start < match.end() for one in found)
            if days and not taken:
                parts = match.groupdict()
                whole = not (parts.get("d") or parts.get("a"))
                found.append(Written(days, match.start(), match.end(), whole))
    return sorted(found, key=lambda one: one.start)


def iso(text: str) -> date | None:
    """The day of an ISO 8601 or DICOM date, or None."""
    found = dates(text[:10].replace(":", "-"))
    return found[0].days[0] if found and not found[0].whole_month else None


def _days(parts: dict[str, str | None]) -> list[date]:
    year = int(parts["y"] or 0)
    year += 0 if year > 99 else 2000 if year < 40 else 1900
    if parts.get("a"):
        one, two = int(parts["a"] or 0), int(parts["b"] or 0)
        pairs = {(one, two), (two, one)}
    else:
        name = parts.get("n")
        month = _month(name) if name else int(parts.get("m") or 0)
        pairs = {(int(parts.get("d") or 1), month)}
    return [day for pair in sorted(pairs) if (day := _day(year, *pair)) is not None]


def _month(name: str) -> int:
    return next(
        index for index, month in enumerate(MONTHS, start=1) if month[:3] == name.lower()[:3]
    )


def _day(year: int, day: int, month: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
