"""Characters that hide or imitate, and the plain text that the other checks read instead."""

import re
import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")

# Letters of other scripts that look like Latin ones (Unicode TR 39, the common part), and digits.
LOOK_ALIKES = str.maketrans(
    "АВЕКМНОРСТУХаеорсухіјѕԁԛԝһӏ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιυνɡɩıᴏ" + "−‐‑‒–—―’‘‚“”„×✕⁄∕µ",
    "ABEKMHOPCTYXaeopcyxijsdqwhl" + "ABEZHIKMNOPTYXoiuvgiio" + "-------'''\"\"\"xx//μ",
)

_LETTER_IN_NUMBER = re.compile(
    r"(?<![^\W\d_])(?=[\dOolI|]*\d)(?=[\dOolI|.,]*[OolI|])[\dOolI|]+(?:[.,][\dOolI|]+)*"
    r"(?=\s?(?:mm|cm|ml|hu|cc|%)\b|\s?%)",
    re.IGNORECASE,
)


def hidden(text: str) -> str | None:
    """The first character without a glyph of its own, or None; newline and tab are let through."""
    for character in text:
        if character not in "\n\t" and unicodedata.category(character) in HIDDEN:
            return character
        if "\U000e0000" <= character <= "\U000e0fff" or character in "\u2028\u2029\u3164\uffa0":
            return character
    return None


def plain(text: str) -> str:
    """``text`` as its reader would say it: no hidden characters, look-alikes made Latin, NFKC."""
    visible = "".join(
        " " if character in "\n\t\r" else character
        for character in text
        if character in "\n\t\r" or unicodedata.category(character) not in HIDDEN
    )
    folded = unicodedata.normalize("NFKC", visible.translate(LOOK_ALIKES)).translate(LOOK_ALIKES)
    return _LETTER_IN_NUMBER.sub(_digits, folded)


def letters_in_numbers(text: str) -> str | None:
    """A figure before a unit in which a letter stands for a digit ("l6.8 mm"), or None."""
    found = _LETTER_IN_NUMBER.search(text)
    return found.group() if found else None


def _digits(found: re.Match[str]) -> str:
    return found.group().translate(str.maketrans("OolI|", "00111"))
