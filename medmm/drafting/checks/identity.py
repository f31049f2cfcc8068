"""Check of identity: names, numbers and dates of people in places where they do not belong."""

import re
from functools import cache
from itertools import pairwise

from medmm.drafting.checks.casefacts import CaseFacts, about_patient
from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.dates import dates, iso
from medmm.drafting.checks.reading.forms import forms
from medmm.drafting.checks.reading.tokens import data, spelled, tokenise
from medmm.nouns import Patient, Statement
from medmm.nouns.draft import CheckOutcome

SHORTEST_NAME = 3
SHORTEST_ID = 4


def check(statement: Statement, facts: CaseFacts) -> tuple[CheckOutcome, str] | None:
    """Fail on what names a person: the patient's name, numbers and birth date, staff, addresses.

    Dates of the study, of the prior and of the order may be named; others only where a clinician
    or the order tells a history.
    """
    if not about_patient(statement, facts.case):
        return None
    text = plain(statement.text)
    wrong = (
        _own(text, facts.case.study.patient)
        or _known_form(text, facts)
        or _person(text, statement)
        or _dates(text, statement, facts)
    )
    return ("fail", f"The sentence holds {wrong}.") if wrong else ("pass", "")


def _own(text: str, patient: Patient) -> str:
    for part in re.split(r"[\^=,\s]+", plain(patient.name)):
        if len(part) >= SHORTEST_NAME and part.isalpha() and _names(text, part):
            return "the patient's name"
    number = plain(patient.id).strip()
    if len(number) >= SHORTEST_ID and re.search(
        rf"(?<!\w){re.escape(number)}(?!\w)", text, re.IGNORECASE
    ):
        return "the patient's number"
    born = iso(patient.birth_date)
    if born and any(born in one.days and not one.whole_month for one in dates(text)):
        return "the patient's date of birth"
    return ""


def _names(text: str, part: str) -> bool:
    """Whether a name stands in the text as a name: names that are words count by their case."""
    for found in re.finditer(rf"(?<!\w){re.escape(part)}(?:'s)?(?!\w)", text, re.IGNORECASE):
        word = found.group()
        if not _common(part):
            return True
        titled = re.search(
            r"\b(?:mr|mrs|ms|miss|dr|prof)\.?\s*$", text[: found.start()], re.IGNORECASE
        )
        if titled or (word[:1].isupper() and found.start() > 0 and not _opens(text, found.start())):
            return True
    return False


def _opens(text: str, start: int) -> bool:
    return text[:start].rstrip()[-1:] in (".", ":", ";", "!", "?", "")


def _known_form(text: str, facts: CaseFacts) -> str:
    for form, name in forms("identity"):
        found = form.search(text)
        if found and not _is_date(found.group(), facts):
            return name
    return ""


def _is_date(text: str, facts: CaseFacts) -> bool:
    """Whether what looks like a number is a day that may be named ("20260314")."""
    return any(day in facts.days for one in dates(text) for day in one.days)


def _person(text: str, statement: Statement) -> str:
    words = list(re.finditer(r"[^\W\d_][\w'’-]*", text))
    names = data("names")
    told = any(phrase in text.lower() for phrase in names["told"])
    if told and statement.state == "written":
        return ""
    for one, two in pairwise(words):
        first, second = one.group(), two.group()
        glue = text[one.end() : two.start()]
        if not second[:1].isupper() or second.lower() in names["no_surnames"]:
            continue
        if (
            first.lower() in names["titles"]
            and re.fullmatch(r"\.?\s+", glue)
            and first[:1].isupper()
        ):
            return "a person's name"
        if glue == ", " and first[:1].isupper() and second.lower() in names["given"]:
            return "" if _medical(first) else "a person's name"
        given = first[:1].isupper() and first.lower() in names["given"]
        if given and re.fullmatch(r"(?:\s+|\s+[A-Z]\.\s+)", glue) and not _medical(second):
            return "a person's name"
    return ""


def _dates(text: str, statement: Statement, facts: CaseFacts) -> str:
    if statement.section == "Indication" or statement.state == "written":
        return ""
    for one in dates(text):
        if not any(one.means(day) for day in facts.days):
            return f"the date {text[one.start : one.end]}, which is of no study here"
    return ""


@cache
def _medical(word: str) -> bool:
    return bool(lexicon.terms().find(tokenise(word)))


@cache
def _common(part: str) -> bool:
    """Whether a name is also a word that reports use."""
    low = spelled(part.lower())
    return low in _vocabulary() or _medical(low)


@cache
def _vocabulary() -> frozenset[str]:
    words: set[str] = set(data("names")["common"])
    for name in ("anatomy", "findings"):
        for entry in data(name).values():
            for phrase in entry["words"]:
                words.update(token.low for token in tokenise(phrase))
    return frozenset(words)
