"""A document from its text, with the best title that can be had."""

import re
from pathlib import Path
from typing import Final

from medmm.nouns import Document
from rag.reading.blocks import headings
from rag.reading.letters import cleaned

MARKDOWN: Final = "text/markdown"
_TITLE_CHARACTERS: Final = 300
# What programs write where nobody gave a title.
_NO_TITLE: Final = re.compile(
    r"microsoft word - .*|untitled\b.*|(new |word )?(document|presentation)\s*\d*|no title|\W*"
    r"|\S*\.(docx?|pdf|html?|txt|rtf|odt|pptx?|indd|tex|dvi|qxd|fm)|python-docx|anonymous",
    re.IGNORECASE,
)


def titled(path: Path, text: str, stated: str = "", pages: tuple[int, ...] = ()) -> Document:
    """A Markdown document.

    Its title is the one that is stated in the file's own data, else its first heading of level one,
    else the file's name.

    Args:
        path: The file that it was read from.
        text: Clean Markdown.
        stated: Title by the file's metadata; what a program filled in by itself is passed over.
        pages: Offsets in ``text`` at which pages begin.
    """
    found = headings(text)
    stated = " ".join(cleaned(stated).split())
    if len(stated) > _TITLE_CHARACTERS or _NO_TITLE.fullmatch(stated):
        stated = ""
    first = next((heading.title for heading in found if heading.level == 1), "")
    return Document(
        text=text,
        title=stated or first[:_TITLE_CHARACTERS] or " ".join(cleaned(path.stem).split()),
        media_type=MARKDOWN,
        headings=tuple(heading.title for heading in found if heading.title),
        pages=pages,
    )
