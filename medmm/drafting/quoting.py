"""How a passage stands in a report: its words on one line, then its source in brackets."""

from medmm.drafting.cleaning import clean
from medmm.nouns import Passage

# An id longer than this (a content hash) is named by its beginning, as version control does.
SHORT_ID = 24
BEGINNING = 12


def quote(passage: Passage) -> str:
    """The passage word for word on one line, without its last full stop; a long one is cut."""
    return clean(passage.text).removesuffix(".")


def shown_id(passage: Passage) -> str:
    """What tells the passage from others of its document: its id, a long one by its beginning."""
    shown = clean(passage.id)
    return shown if len(shown) <= SHORT_ID else shown[:BEGINNING]


def quotes(text: str, passage: Passage) -> bool:
    """Whether ``text`` is words of the passage in their order, with nothing added but its source.

    The source is the document, the version and the id, each at most once and in this order,
    behind the quoted words. Capitals and white space do not count, nor do marks around the quoted
    words and around the parts of the source, because each language has its own.
    """
    heads = [_bare(_folded(text))]
    for part in (shown_id(passage), passage.version, passage.document):
        ending = _bare(_folded(part))
        if ending:
            heads += [_bare(one.removesuffix(ending)) for one in heads if one.endswith(ending)]
    whole = _folded(passage.text)
    return any(_within(head, whole) for head in heads if head)


def _folded(text: str) -> str:
    """One line without unseen characters, whatever its length, in small letters."""
    return clean(text, longest=4 * len(text) + 4).casefold()


def _bare(text: str) -> str:
    """Text without the marks before and behind its words."""
    held = [at for at, char in enumerate(text) if char.isalnum()]
    return text[held[0] : held[-1] + 1] if held else ""


def _within(quoted: str, whole: str) -> bool:
    """Whether whole words are quoted: "normal" is no quotation of "abnormal"."""
    start = whole.find(quoted)
    while start >= 0:
        end = start + len(quoted)
        before, after = whole[max(0, start - 1) : start], whole[end : end + 1]
        if not (before.isalnum() or after.isalnum()):
            return True
        start = whole.find(quoted, start + 1)
    return False
