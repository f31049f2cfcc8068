"""PDF: text by pages, headings by the outline, and every file that cannot be read says why."""

import pytest

from medmm.errors import InputError, LimitError
from rag.reading import Limits, own_readers, read_document
from rag.reading.pdf_lines import Line, known_words, lines_of, paragraphs
from rag.reading.rich import PdfReader
from tests.rag.reading.made_files import LOREM, pdf, pdf_of_stream, scanned_pdf

LONG = "A line of the usual length that is wrapped at the right margin of a column, as most"


def test_pages_begin_where_they_say(tmp_path):
    path = pdf(tmp_path / "a.pdf", [[f"{LOREM} page {n}."] for n in range(3)], title="On pleura")
    document = read_document(path, own_readers())
    assert document.title == "On pleura"
    assert document.media_type == "text/markdown"
    assert len(document.pages) == 3
    ends = (*document.pages[1:], len(document.text))
    for number, (start, end) in enumerate(zip(document.pages, ends, strict=True)):
        assert document.text[start:end].strip() == f"{LOREM} page {number}."


def test_an_empty_page_has_a_place(tmp_path):
    document = PdfReader().read(pdf(tmp_path / "a.pdf", [[LOREM], [], [LOREM]]))
    assert len(document.pages) == 3
    assert document.pages[1] == document.pages[2] == len(LOREM) + 2


def test_the_outline_gives_headings(tmp_path):
    pages = [["1 Signs", LOREM], ["A sign that is so long that it", "takes two lines", LOREM]]
    outline = [("Signs", 0, 0), ("A sign that is so long that it takes two lines", 1, 1)]
    document = PdfReader().read(pdf(tmp_path / "a.pdf", pages, outline=outline))
    assert document.text == (
        f"# 1 Signs\n\n{LOREM}\n\n## A sign that is so long that it takes two lines\n\n{LOREM}"
    )
    assert document.title == "1 Signs"


@pytest.mark.parametrize(
    "outline",
    [[("Elsewhere", 0, 0)], [("Signs", 0, 0), ("Cover", 0, 0)], [("Twice", 0, 0)]],
    ids=["not there", "half of them", "there twice"],
)
def test_an_outline_that_cannot_be_placed_gives_none(tmp_path, outline):
    path = pdf(tmp_path / "a.pdf", [["Signs", "Twice", LOREM, "Twice"]], outline=outline)
    document = PdfReader().read(path)
    assert document.headings == ()
    assert document.title == "a"


def test_five_hundred_pages_are_read(tmp_path):
    pages = [[f"{LOREM} {n}"] * 10 for n in range(500)]
    document = PdfReader().read(pdf(tmp_path / "long.pdf", pages))
    assert len(document.pages) == 500
    assert document.text[document.pages[499] :].startswith(f"{LOREM} 499")


def test_a_pdf_with_a_password_is_refused(tmp_path):
    from pypdf import PdfWriter

    plain = pdf(tmp_path / "plain.pdf", [[LOREM]])
    for user, owner in (("secret", "owner"), ("", "owner")):
        writer = PdfWriter(clone_from=plain)
        writer.encrypt(user, owner, algorithm="RC4-128")
        writer.write(tmp_path / "locked.pdf")
        if user:
            with pytest.raises(InputError, match=r"locked\.pdf is protected by a password") as err:
                PdfReader().read(tmp_path / "locked.pdf")
            assert err.value.code == "encrypted"
        else:
            assert PdfReader().read(tmp_path / "locked.pdf").text == LOREM


def test_a_scanned_pdf_asks_for_ocr(tmp_path):
    with pytest.raises(InputError, match=r"holds pictures of text\. Run OCR first") as caught:
        PdfReader().read(scanned_pdf(tmp_path / "scan.pdf"))
    assert "scan.pdf" in str(caught.value)


def test_a_pdf_without_anything_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no text"):
        PdfReader().read(pdf(tmp_path / "a.pdf", [[], []]))


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_cut_off_pdf_is_refused(tmp_path, kept):
    path = pdf(tmp_path / "a.pdf", [[LOREM]] * 40)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match=r"a\.pdf is damaged or cut off"):
        PdfReader().read(path)


def test_a_pdf_that_is_none_is_refused(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_text("only text")
    with pytest.raises(InputError, match=r"a\.pdf is named a PDF and is none"):
        read_document(path, own_readers())


def test_noise_after_the_mark_is_refused(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * 20 + b"\n%%EOF")
    with pytest.raises(InputError, match=r"a\.pdf"):
        PdfReader().read(path)


def test_a_stream_that_swells_ends_as_a_limit(tmp_path):
    path = pdf_of_stream(tmp_path / "bomb.pdf", b"BT /F1 9 Tf (x) Tj ET\n" + b" " * 120_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(LimitError, match=r"bomb\.pdf asks for more memory"):
        PdfReader(Limits(memory_bytes=150_000_000)).read(path)


def test_a_parse_that_goes_on_ends_as_a_limit(tmp_path):
    path = pdf_of_stream(tmp_path / "slow.pdf", b"BT /F1 9 Tf (x) Tj ET\n" * 1_000_000)
    for limits in (Limits(cpu_seconds=1), Limits(wall_seconds=1.0)):
        with pytest.raises(LimitError, match=r"slow\.pdf takes too long"):
            PdfReader(limits).read(path)


def test_too_many_pages_and_characters_are_refused(tmp_path):
    path = pdf(tmp_path / "a.pdf", [[LOREM]] * 4)
    with pytest.raises(LimitError, match="more than 3 pages"):
        PdfReader(Limits(pages=3)).read(path)
    with pytest.raises(LimitError, match="more than 300 characters"):
        PdfReader(Limits(characters=300)).read(path)


def joined(*lines: str, elsewhere: str = "") -> str:
    page = lines_of("\n".join(lines))
    return paragraphs(page, known_words([page, lines_of(elsewhere)]))


def test_wrapped_lines_become_a_paragraph():
    assert joined(LONG, LONG, "films do.") == f"{LONG} {LONG} films do."
    assert joined(LONG, "", LONG) == f"{LONG}\n\n{LONG}"
    assert joined(LONG, "ends here.", LONG) == f"{LONG} ends here.\n\n{LONG}"


def test_short_lines_keep_their_ends():
    assert joined(LONG, "Grade  Size", "1  2 mm", "2  3 mm").endswith("Grade Size\n1 2 mm\n2 3 mm")


@pytest.mark.parametrize(
    ("first", "second", "elsewhere", "word"),
    [
        ("pneumo-", "thorax is", "", "pneumothorax is"),
        ("follow-", "up is", "", "follow-up is"),
        ("air-", "space is", "airspace", "airspace is"),
        ("cardio-", "thoracic is", "a cardio-thoracic one", "cardio-thoracic is"),
        ("T1-", "weighted is", "", "T1-weighted is"),
        ("X-", "Ray is", "", "X-Ray is"),
        ("from 3 -", "and", "", "from 3 - and"),
    ],
)
def test_hyphens_at_line_ends(first, second, elsewhere, word):
    assert joined(f"{LONG} {first}", second, elsewhere=elsewhere) == f"{LONG} {word}"


def test_bullets_become_a_list():
    assert joined("Signs:", "• one", "•", "two", "1. three") == "Signs:\n\n- one\n- two\n1. three"


def test_headings_stand_alone_and_words_make_none():
    lines = [Line("# x"), Line("Signs", 2), Line("```")]
    assert paragraphs(lines, frozenset()) == "\\# x\n\n## Signs\n\n\\```"
