"""Text from outside (users, headers, experts) made fit to stand in a report."""

import unicodedata

LONGEST = 2000
# Categories: controls, formats (bidirectional marks, zero width), surrogates, private use, unset.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str, longest: int = LONGEST) -> str:
    """One line without unseen characters: white space becomes one space, the rest is dropped.

    What passes ``longest`` characters is cut at a word and ends with an ellipsis.
    """
    spaced = "".join(" " if char.isspace() else char for char in text)
    seen = "".join(char for char in spaced if unicodedata.category(char) not in UNSEEN)
    line = " ".join(unicodedata.normalize("NFC", seen).split())
    if len(line) <= longest:
        return line
    return line[: longest - 2].rsplit(" ", 1)[0] + " …"


def sentence(text: str) -> str:
    """Clean text that begins with a capital and ends with a full stop."""
    line = clean(text)
    if not line:
        return ""
    closed = line if line[-1] in ".!?…。！？" else f"{line}."
    return closed[0].upper() + closed[1:]
