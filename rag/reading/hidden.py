"""What of a page of HTML leaves nothing behind: what runs, what is filled in, what is not shown."""

import re
from collections.abc import Iterator
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

_NEVER: Final = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "frame",
        "frameset",
        "noframes",
        "object",
        "embed",
        "applet",
        "img",
        "picture",
        "svg",
        "canvas",
        "audio",
        "video",
        "source",
        "track",
        "map",
        "area",
        "input",
        "button",
        "select",
        "textarea",
        "option",
        "optgroup",
        "datalist",
        "output",
        "progress",
        "meter",
        "link",
        "meta",
        "base",
        "head",
        "title",
        "param",
        "annotation",
        "annotation-xml",
    }
)
_PAGE_PARTS: Final = ("h1", "h2", "h3", "article", "main")
_HIDDEN: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|font-size:[+-]?0*\.?0+(?![\d.])"
    r"|font:(?:[^;]*\s)?0+(?:\.0+)?(?:px|pt|em|rem|%)?(?:[\s/;]|$)"
)
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_NUMBERS: Final = ("rowspan", "colspan", "start")
_ROOTS: Final = ("html", "body")


def strip_hidden(soup: BeautifulSoup) -> None:
    """Take out of a page what nobody sees on it, scripts, forms and all that is embedded."""
    for words in list(soup.find_all(string=True)):
        if isinstance(words, PreformattedString):  # comments, instructions, declarations, CDATA
            words.extract()
    by_rule = {id(tag) for tag in _by_stylesheet(soup)}
    for tag in list(soup.find_all(name=True)):
        if not tag.decomposed and (id(tag) in by_rule or _is_unseen(tag)):
            tag.decompose()
    for tag in soup.find_all(name=True):
        numbers = {name: str(tag.get(name, "")).strip() for name in _NUMBERS}
        tag.attrs.clear()  # handlers, addresses, data: nothing of it is text
        for name, number in numbers.items():
            if number.isascii() and number.isdigit() and len(number) < 7:
                tag[name] = number


def _is_unseen(tag: Tag) -> bool:
    if tag.name in _NEVER or tag.has_attr("hidden"):
        return True
    if tag.name == "form":  # some sites wrap a whole page in one: then only its fields go
        return tag.find(_PAGE_PARTS) is None
    if tag.name == "dialog":
        return not tag.has_attr("open")
    if tag.name == "font" and str(tag.get("size", "")).strip() == "0":
        return True
    return _hides(str(tag.get("style", "")))


def _hides(style: str) -> bool:
    """Whether declarations of CSS make an element vanish."""
    plain = _ESCAPE.sub(_character, _COMMENT.sub("", style)).replace("\\", "").lower()
    return bool(_HIDDEN.search(re.sub(r"\s*([:;/,])\s*", r"\1", plain)))


def _character(escape: "re.Match[str]") -> str:
    code = int(escape[1], 16)
    return chr(code) if code < 0x110000 else ""


def _by_stylesheet(soup: BeautifulSoup) -> Iterator[Tag]:
    """Elements that a rule in the page's own style sheets hides, whatever the screen."""
    from soupsieve import SelectorSyntaxError

    for sheet in soup.find_all("style"):
        for rule in _RULE.finditer(_without_at_rules(_COMMENT.sub("", sheet.get_text()))):
            if not _hides(rule[2]):
                continue
            try:
                found = soup.select(rule[1].strip())
            except (SelectorSyntaxError, NotImplementedError, ValueError):
                continue  # a selector for states or parts, which hides no element as it loads
            yield from (tag for tag in found if tag.name not in _ROOTS)


def _without_at_rules(sheet: str) -> str:
    """The rules that always hold: those for printing or small screens are left out."""
    kept: list[str] = []
    depth = 0
    at_rule = False
    for part in re.split(r"([{};@])", sheet):
        at_rule = at_rule or (part == "@" and depth == 0)
        if not at_rule:
            kept.append(part)
        depth = max(depth + (part == "{") - (part == "}"), 0)
        if depth == 0 and part in {"}", ";"}:
            at_rule = False
    return "".join(kept)
