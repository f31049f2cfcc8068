"""Why a document is refused: a code on the untrusted side, a sentence on the trusted one.

The confined process names a code and perhaps a number. It never words a sentence, because a
document that has taken the process over would then speak to the user in the project's name.
"""

from pathlib import Path
from typing import Final

from medmm.errors import InputError, LimitError

_OCR: Final = "Run OCR first and add the result."
_AGAIN: Final = "Get it again from its source, or save it as text or Markdown."
_PARTS: Final = "Split it into parts and add those."
_OTHER: Final = "Save it as Markdown, text, HTML, PDF or .docx."

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "unreadable": ("{path} cannot be read.", "Check that it is a file and that you may read it."),
    "empty": ("{path} is empty.", "Add a file that holds text."),
    "no-text": ("{path} holds no text that can be seen.", "Add a file that holds text."),
    "scanned": ("{path} cannot be searched: it holds pictures of text.", _OCR),
    "encrypted": (
        "{path} is protected by a password.",
        "Save a copy without protection and add that.",
    ),
    "cipher": (
        "{path} is encrypted in a way that is not read here.",
        "Save a copy without protection and add that.",
    ),
    "damaged": ("{path} is damaged or cut off.", _AGAIN),
    "page": ("{path} is damaged on page {number}.", _AGAIN),
    "no-pdf": ("{path} is named a PDF and is none.", _OTHER),
    "no-word": ("{path} is named a Word document and is none.", _OTHER),
    "old-word": (
        "{path} is a document of an old Word.",
        "Open it in a word processor and save it as .docx.",
    ),
    "binary": ("{path} holds bytes that are no text.", _OTHER),
    "unknown": ("{path} is of a format that is not read here.", _OTHER),
    "header": (
        "{path} begins with a header between two lines +++ that is no TOML.",
        "Mend the header or remove it.",
    ),
    "died": ("{path} brought down the process that reads it.", _AGAIN),
    "garbage": ("{path} made the process that reads it answer nonsense.", _AGAIN),
}
_LIMITS: Final[dict[str, tuple[str, str]]] = {
    "file-bytes": ("{path} is larger than {number} MB.", _PARTS),
    "pages": ("{path} has more than {number} pages.", _PARTS),
    "characters": ("{path} holds more than {number} characters of text.", _PARTS),
    "nesting": ("{path} nests its elements too deeply.", "Save it as text and add that."),
    "inflation": ("{path} unpacks to far more than a document does.", _AGAIN),
    "memory": ("{path} asks for more memory than a document may take.", _PARTS),
    "time": ("{path} takes too long to read.", _PARTS),
}


class RefusedError(Exception):
    """A document is refused for the reason ``code``; ``number`` belongs to the sentence."""

    def __init__(self, code: str, number: int = 0) -> None:
        super().__init__(code, number)
        self.code = code
        self.number = number


def known(code: object) -> bool:
    """Whether there is a sentence for a code."""
    return code in _SENTENCES or code in _LIMITS


def refusal(path: Path, code: str, number: int = 0) -> InputError:
    """The error to raise about a file: a `LimitError` where a budget was overrun."""
    kind = LimitError if code in _LIMITS else InputError
    message, mend = _LIMITS.get(code) or _SENTENCES[code]
    return kind(message.format(path=path, number=number), mend, code=code)
