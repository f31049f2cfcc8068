"""Dates and times of DICOM (DA, TM, DT of PS3.5 6.2) into ISO 8601, or nothing if they are none."""

import re
from datetime import date, datetime, time

from medmm.dicom.fields import Fields, tag

_DATE = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")
_CLOCK = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?")


def parse_date(text: str) -> date | None:
    """A DA value (old forms with dots included), None if it is no date of the calendar."""
    match = _DATE.fullmatch(text.strip())
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def parse_clock(text: str) -> time | None:
    """A TM value; a leap second reads as second 59."""
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        return None
    hour, minute, second, fraction = match.groups()
    try:
        return time(
            int(hour),
            int(minute or 0),
            min(59, int(second or 0)),
            int((fraction or "0").ljust(6, "0")),
        )
    except ValueError:
        return None


def parse_moment(text: str) -> datetime | None:
    """A DT value of at least a day, without its offset from UTC: clocks of one study agree."""
    plain = re.sub(r"[+\-]\d{4}$", "", text.strip())
    day = parse_date(plain[:8])
    clock = parse_clock(plain[8:]) if plain[8:] else time()
    return datetime.combine(day, clock) if day and clock else None


def moment(fields: Fields, date_keyword: str, time_keyword: str) -> datetime | None:
    """Date and time of two elements together, None unless both are there."""
    day = parse_date(fields.code(tag(date_keyword)))
    clock = parse_clock(fields.code(tag(time_keyword)))
    return datetime.combine(day, clock) if day and clock else None


def iso(fields: Fields, date_keyword: str, time_keyword: str) -> str:
    """ISO 8601 date, with time to the second where there is one, or empty text."""
    day = parse_date(fields.code(tag(date_keyword)))
    if day is None:
        return ""
    clock = parse_clock(fields.code(tag(time_keyword)))
    if clock is None:
        return day.isoformat()
    return datetime.combine(day, clock).isoformat(timespec="seconds")


def iso_date(text: str) -> str:
    """ISO 8601 date of a DA value, or empty text."""
    day = parse_date(text)
    return day.isoformat() if day else ""
