"""The fonts of the PDF, and text made of what they can draw.

Bitstream Vera ships inside reportlab (free licence, ``fonts/bitstream-vera-license.txt`` there) and
is embedded, so that every reader shows the same glyphs. It knows the Latin letters of Western
Europe and common signs. Any other character stands as a visible mark, ``‹U+0416›``, or, where it is
a letter with a mark that Vera lacks, as the plain letter followed by the mark's code; the appendix
names each of them. So a letter that only looks like another is told from it.
"""

import unicodedata
from functools import cache
from xml.sax.saxutils import escape

from medmm.nouns.characters import mark, visible

PLAIN = "MedmmVera"
BOLD = "MedmmVera-Bold"
_FILES = {PLAIN: "Vera.ttf", BOLD: "VeraBd.ttf"}


class Ink:
    """Makes texts drawable and remembers which characters it had to replace."""

    def __init__(self) -> None:
        self._glyphs = _glyphs()
        self.replaced: set[str] = set()

    def text(self, raw: str) -> str:
        """``raw`` in characters that the fonts have, hidden ones as marks."""
        if raw.isascii() and raw.isprintable():
            return raw
        composed = unicodedata.normalize("NFC", raw)
        return "".join(self._drawn(character) for character in composed)

    def markup(self, raw: str) -> str:
        """`text`, escaped: reportlab reads what a paragraph is given as markup."""
        return escape(self.text(raw))

    def _drawn(self, character: str) -> str:
        shown = visible(character)
        if shown == character and ord(character) in self._glyphs:
            return character
        self.replaced.add(character)
        if shown != character:
            return shown
        apart = unicodedata.normalize("NFD", character)
        if len(apart) > 1 and ord(apart[0]) in self._glyphs:
            return apart[0] + "".join(mark(one) for one in apart[1:])
        return mark(character)


def fitted(text: str, font: str, size: float, width: float) -> str:
    """``text`` cut with an ellipsis so that it is no wider than ``width`` points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    # No glyph is narrower than a tenth of the size, so the rest could not fit anyway.
    text = text[: int(width / size * 10)]
    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text}…"


@cache
def _glyphs() -> frozenset[int]:
    """Code points that both fonts draw; registers them with reportlab on the way."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    common: set[int] | None = None
    for name, file in _FILES.items():
        font = TTFont(name, file)
        pdfmetrics.registerFont(font)
        known = set(font.face.charToGlyph)
        common = known if common is None else common & known
    return frozenset(common or ())
