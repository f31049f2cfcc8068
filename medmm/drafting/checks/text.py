"""Check of the characters themselves: controls, bidirectional tricks, look-alikes, markup."""

import re
import unicodedata

from medmm.drafting.checks.casefacts import CaseFacts
from medmm.drafting.checks.reading.characters import LOOK_ALIKES, hidden, letters_in_numbers
from medmm.drafting.checks.reading.forms import forms
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

LONGEST = 600
LONGEST_QUOTE = 2000
"""Of quoted knowledge, which is a passage and not one sentence."""
MOST_MARKS = 2

_WORD = re.compile(r"[^\W\d_]+")


def check(statement: Statement, facts: CaseFacts) -> tuple[CheckOutcome, str] | None:
    """Fail on characters that hide, reverse or imitate, on markup and on over-long sentences."""
    del facts
    text = statement.text
    wrong = _hidden(text) or _imitated(text) or _marked(text)
    if wrong:
        return "fail", wrong
    longest = LONGEST_QUOTE if statement.state == "reference" else LONGEST
    if len(text) > longest:
        return "fail", f"The sentence has {len(text)} characters, more than {longest}."
    if not text.strip():
        return "fail", "The sentence is empty."
    return "pass", ""


def _hidden(text: str) -> str:
    character = hidden(text)
    if character is None:
        return ""
    name = unicodedata.name(character, "a control character").lower()
    return f"The sentence holds a hidden character: U+{ord(character):04X} ({name})."


def _imitated(text: str) -> str:
    digits = letters_in_numbers(text)
    if digits:
        return f"A letter stands for a digit in {digits!r}."
    for found in _WORD.finditer(text):
        reason = _strange(found.group())
        if reason:
            return f"{reason} in {found.group()!r}."
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MOST_MARKS:
            return "Marks are piled on one letter."
        if character.isdecimal() and not character.isascii():
            return f"The digit U+{ord(character):04X} is none of 0 to 9."
    return ""


def _strange(word: str) -> str:
    """Why a word is not what it looks like: two scripts in it, or letters of a styled alphabet."""
    letters = [character for character in word if character.isalpha() and character not in "µμ"]
    scripts = {_script(character) for character in letters}
    if "styled" in scripts:
        return "Styled letters"
    if len(scripts) > 1 and scripts != {"LATIN", ""}:
        return "Letters of two scripts"
    if scripts & {"CYRILLIC", "GREEK"} and len(letters) > 1 and _all_imitate(word):
        return "Letters of another script that look Latin"
    return ""


def _script(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    if folded != character and folded.isascii() and character not in "ªº":
        return "styled"
    return unicodedata.name(character, " ").split()[0]


def _all_imitate(word: str) -> bool:
    return word.translate(LOOK_ALIKES).isascii()


def _marked(text: str) -> str:
    for form, name in forms("text"):
        if form.search(text):
            return f"The sentence holds {name}."
    return ""
