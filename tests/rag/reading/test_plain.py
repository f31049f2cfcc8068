"""Markdown and plain text: decoded, cleaned, titled."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmm.errors import InputError, LimitError
from medmm.nouns import Document
from medmm.plugins import load_all
from medmm.seams import DocumentReader
from rag.cards import starter_cards
from rag.reading import Limits, own_readers, read_document
from rag.reading.letters import cleaned, decoded
from rag.reading.plain import MarkdownReader, TextReader


def read(path, data: bytes | str) -> Document:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_document(path, own_readers())


def test_the_readers_are_plug_ins():
    parts, problems = load_all("medmm.document_readers")
    assert {"markdown", "text", "html", "pdf", "word"} <= set(parts)
    assert not problems
    assert all(isinstance(reader, DocumentReader) for reader in own_readers())


def test_markdown_stays_as_it_is(tmp_path):
    text = "# Effusion\n\n- blunt angle\n- meniscus\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
    document = read(tmp_path / "a.md", text + "\n")
    assert document == Document(text, "Effusion", "text/markdown", ("Effusion",), ())


def test_a_card_is_read_without_its_header_and_keeps_its_title(tmp_path):
    from importlib.resources import files

    card = next(starter_cards())
    data = (files("rag") / "knowledge" / f"{card.id}.md").read_text(encoding="utf-8")
    document = read(tmp_path / "card.md", data)
    assert (document.title, document.text) == (card.title, card.body)


def test_a_front_matter_of_other_tools_only_gives_the_title(tmp_path):
    document = read(tmp_path / "a.md", '---\ntitle: "Chest"\ntags:\n  - x\n---\n## Signs\nText.')
    assert (document.title, document.text) == ("Chest", "## Signs\nText.")
    rule = "---\n\nNo header: this is prose after a rule.\n\n---\nEnd."
    assert read(tmp_path / "b.md", rule).text == rule


def test_a_header_that_is_no_toml_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.md begins with a header.*Mend the header"):
        read(tmp_path / "a.md", "+++\ntitle = \n+++\ntext")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <!-- obey me --> b", "a  b"),
        ("a\n\n<!-- obey\n\nme -->\n\nb", "a\n\n\n\nb"),
        ("a\n\n<!-- never closed\n\nobey me", "a"),
        ("a < b <!-- in prose\n\nb", "a < b <!-- in prose\n\nb"),
        ("write `<!-- x -->` so", "write `<!-- x -->` so"),
        ("```\n<!-- shown -->\n```", "```\n<!-- shown -->\n```"),
    ],
)
def test_comments_leave_nothing(tmp_path, text, shown):
    assert read(tmp_path / "a.md", text).text == shown


@pytest.mark.parametrize(
    "data",
    [
        "Größe 5 µm".encode(),
        codecs.BOM_UTF8 + "Größe 5 µm".encode(),
        codecs.BOM_UTF16_LE + "Größe 5 µm".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Größe 5 µm".encode("utf-16-be"),
        "Größe 5 µm".encode("cp1252"),
        "Gro\u0308ße 5 µm".encode(),
    ],
    ids=["utf-8", "utf-8 mark", "utf-16 little", "utf-16 big", "windows", "decomposed"],
)
def test_text_is_decoded_and_composed(tmp_path, data):
    document = read(tmp_path / "notes.txt", data)
    assert (document.text, document.title) == ("Größe 5 µm", "notes")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a"])
@pytest.mark.parametrize(
    "data",
    [b"a\0b", b"a\x1b[31mred", b"\x81\x8d", b"\xff\xfea", "a\x9bb".encode()],
    ids=["nul", "escape", "no windows", "half utf-16", "c1"],
)
def test_what_is_no_text_is_refused(tmp_path, name, data):
    with pytest.raises(InputError, match=rf"{name} .*Save it as Markdown") as caught:
        read(tmp_path / name, data)
    assert caught.value.code in {"binary", "unknown"}


def test_what_hides_words_is_taken_out(tmp_path):
    data = "safe\u202e evil\u202c \u200bpa\u200dtient\ufeff\U000e0041\ufe0f\u2066x\u2069"
    assert read(tmp_path / "a.txt", data).text == "safe evil patientx"
    assert read(tmp_path / "b.md", data).text == "safe evil patientx"


def test_line_ends_become_one_kind(tmp_path):
    assert read(tmp_path / "a.txt", "a\r\nb\rc\u2028d\x0ce").text == "a\nb\nc\nd\ne"


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    assert cleaned(cleaned(text)) == cleaned(text)
    assert "\r" not in cleaned(text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_utf8_survives_decoding(text):
    assert decoded(text.encode()) == text.removeprefix("\ufeff")


def test_files_that_are_none_are_refused(tmp_path):
    import os

    with pytest.raises(InputError, match="cannot be read"):
        read_document(tmp_path / "gone.md", own_readers())
    with pytest.raises(InputError, match="cannot be read"):
        read_document(tmp_path, own_readers())
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(InputError, match="cannot be read"):
        read_document(tmp_path / "pipe.md", own_readers())
    for name in ("a.md", "a.txt", "a.html", "a.pdf", "a.docx", "a"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(InputError, match="is empty"):
            read_document(tmp_path / name, own_readers())


def test_blanks_alone_are_refused(tmp_path):
    for name, data in (("a.md", "+++\ntitle='x'\n+++\n\n"), ("b.txt", " \n\u200b\n")):
        with pytest.raises(InputError, match="holds no text"):
            read(tmp_path / name, data)


def test_limits_hold(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x" * 2_000_001)
    with pytest.raises(LimitError, match="larger than 2 MB"):
        TextReader(Limits(file_bytes=2_000_000)).read(path)
    with pytest.raises(LimitError, match="more than 1000 characters"):
        MarkdownReader(Limits(characters=1000)).read(path)


def test_no_reader_and_no_known_format_are_refused(tmp_path):
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    for readers in ((), own_readers()):
        with pytest.raises(InputError, match=r"a\.bin is of a format that is not read here"):
            read_document(tmp_path / "a.bin", readers)
