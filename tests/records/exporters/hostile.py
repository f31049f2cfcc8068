"""Strings that try to hide, reverse, break out or command, and what may be seen of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hostile:
    """A string, what plain text shows of it, and what the PDF shows if that differs."""

    label: str
    raw: str
    shown: str
    drawn: str = ""

    @property
    def in_pdf(self) -> str:
        return self.drawn or self.shown


LONG = "w" * 3000
FORMULA = '=HYPERLINK("http://evil.example/x","y")'
LINK = '<a href="http://evil.example">click</a><img src="http://evil.example/i.png"/>'
SCRIPT = "<script>fetch('http://evil.example')</script>&amp;&#60;b&#62;"
PARA = '<para><b>bold</b><font color="red">red</font><onDraw name="x"/></para>'
OPERATORS = (
    r"(a) Tj ET Q >> endobj /OpenAction << /S /JavaScript /JS (app.alert\(1\)) >> \ ) ( \051"
)

STRINGS = (
    Hostile("escape", "a\x1b[31mb\x1b]0;t\x07c", "a‹U+001B›[31mb‹U+001B›]0;t‹U+0007›c"),
    Hostile("nul", "a\x00b", "a‹U+0000›b"),
    Hostile("c1", "a\x9b2Jb\x7f", "a‹U+009B›2Jb‹U+007F›"),
    Hostile("lines", "a\n# Findings\n[s1] b\r", "a‹U+000A›# Findings‹U+000A›[s1] b‹U+000D›"),
    Hostile("override", "a\u202egnol\u202cb", "a‹U+202E›gnol‹U+202C›b"),
    Hostile("isolate", "a\u2066b\u2069c", "a‹U+2066›b‹U+2069›c"),
    Hostile("zero width", "le\u200bft \u200dr\ufeff", "le‹U+200B›ft ‹U+200D›r‹U+FEFF›"),
    Hostile("tags", "a\U000e0041\U000e007fb", "a‹U+E0041›‹U+E007F›b"),
    Hostile("surrogate", "a\ud83db\udc00", "a‹U+D83D›b‹U+DC00›"),
    Hostile("look-alike", "right l\u0443ng", "right l\u0443ng", "right l‹U+0443›ng"),
    Hostile("script", SCRIPT, SCRIPT),
    Hostile("link", LINK, LINK),
    Hostile("reportlab", PARA, PARA),
    Hostile("operators", OPERATORS, OPERATORS),
    Hostile("formula =", FORMULA, FORMULA),
    Hostile("formula +", "+1+cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0"),
    Hostile("formula tab", "\t@SUM(1)\r-2\\x", "‹U+0009›@SUM(1)‹U+000D›-2\\x"),
    Hostile("long word", LONG, LONG),
    Hostile(
        "right to left",
        "\u05db\u05d4\u05df^\u05d3\u05df",
        "\u05db\u05d4\u05df^\u05d3\u05df",
        "‹U+05DB›‹U+05D4›‹U+05DF›^‹U+05D3›‹U+05DF›",
    ),
    Hostile(
        "pile",
        "e" + "\u0335\u0336\u0337\u0338",
        "e\u0335\u0336‹U+0337›‹U+0338›",
        "e‹U+0335›‹U+0336›‹U+0337›‹U+0338›",
    ),
    Hostile("mu", "\u03bcg and \xb5g", "\u03bcg and \xb5g", "‹U+03BC›g and \xb5g"),
    Hostile("accents", "M\xfcller^Zo\xeb", "M\xfcller^Zo\xeb"),
    Hostile("letters", "\u0150ry^\u017b", "\u0150ry^\u017b", "O‹U+030B›ry^Z‹U+0307›"),
    Hostile("private", "a\ue000\uffffb\u2028", "a‹U+E000›‹U+FFFF›b‹U+2028›"),
)
