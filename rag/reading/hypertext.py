"""HTML into Markdown, without what is not shown; runs in the confined process."""

import re
from typing import Any, Final

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from rag.reading.grids import table_markdown, unwrap_layout
from rag.reading.hidden import strip_hidden
from rag.reading.letters import cleaned, escaped, marked
from rag.reading.limits import Limits
from rag.reading.refusals import RefusedError

# What browsers know; anything else is read as UTF-8 or Windows-1252. Python knows more, among it
# encodings (UTF-7) that spell tags in plain letters.
_ENCODINGS: Final = re.compile(
    r"utf-?8|windows-125\d|iso-8859-\d{1,2}|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gb(?:2312|k|18030)|big5"
)
_CHARSET: Final = re.compile(
    rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]{1,30})""", re.IGNORECASE
)
_BLOCKS: Final = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    }
)
# Tags whose end may be left out: what a new one closes, and what it never looks beyond.
_CLOSES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    **dict.fromkeys(_BLOCKS, (("p",), ("td", "th", "li", "table", "div", "section", "blockquote"))),
    "li": (("li",), ("ul", "ol", "menu")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "tr": (("tr",), ("table",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tbody": (("thead", "tbody", "tfoot"), ("table",)),
    "tfoot": (("thead", "tbody", "tfoot"), ("table",)),
}
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_EMPHASIS: Final = ["a", "b", "strong", "i", "em", "u", "s", "del", "sub", "sup", "kbd", "samp"]


def bytes_to_markdown(data: bytes, limits: Limits) -> tuple[str, str]:
    """Markdown and title of an HTML file."""
    return html_to_markdown(_decoded(data), limits)


def html_to_markdown(html: str, limits: Limits) -> tuple[str, str]:
    """Markdown and title of HTML.

    Raises:
        RefusedError: ``nesting``, elements stand too deep in each other.
    """
    soup = _Soup(html, limits.nesting)
    title = soup.find("title")
    stated = title.get_text() if isinstance(title, Tag) else ""
    strip_hidden(soup)
    soup.smooth()
    for table in soup.find_all("table"):
        unwrap_layout(table)
    for mark in soup.find_all("sup"):
        _raise_digits(mark)
    converter = _Converter(
        heading_style="atx", bullets="-", strip=_EMPHASIS, escape_asterisks=False,
        escape_underscores=False,
    )  # fmt: skip
    lines = cleaned(str(converter.convert_soup(soup))).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{3,}", "\n\n", text), " ".join(cleaned(stated).split())


class _Soup(BeautifulSoup):
    """A tree in which tags that may be left open are closed, as browsers do it.

    Python's parser would put each open paragraph inside the one before: a hidden one would take
    all that follows with it, and a long list would be as deep as it is long.
    """

    def __init__(self, html: str, nesting: int) -> None:
        self._nesting = nesting
        super().__init__(html, "html.parser")

    def handle_starttag(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if len(self.tagStack) > self._nesting:
            raise RefusedError("nesting")
        closed, walls = _CLOSES.get(name, ((), ()))
        for tag in reversed(self.tagStack if closed else []):
            if tag.name in closed:
                self.handle_endtag(tag.name)
                break
            if tag.name in walls:
                break
        return super().handle_starttag(name, *args, **kwargs)


class _Converter(MarkdownConverter):
    """markdownify with tables that keep their columns and words that stay words."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        return text if not text or "_noformat" in parent_tags else escaped(text)

    def convert_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"\n\n{table_markdown(el)}\n\n"

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return " " if "_inline" in parent_tags else "\n"


def _raise_digits(mark: Tag) -> None:
    """10<sup>6</sup> is no 106: digits above the line stay above it."""
    words = mark.get_text().strip()
    if words and not words.isalpha():
        raised = words.translate(_SUPERSCRIPTS)
        still = any(sign.isascii() and not sign.isspace() for sign in raised)
        mark.string = f"^({words})" if still else raised


def _decoded(data: bytes) -> str:
    """By mark, by what the page says of itself, as UTF-8, as Windows-1252, in this order."""
    encoding = marked(data)
    if encoding is None:
        said = _CHARSET.search(data[:4096])
        name = said[1].decode("ascii").lower() if said else ""
        encoding = name if _ENCODINGS.fullmatch(name) else "utf-8"
        # Browsers read Latin-1 as Windows-1252, whose signs authors meant.
        encoding = "cp1252" if encoding == "iso-8859-1" else encoding
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return data.decode("cp1252", errors="replace")
