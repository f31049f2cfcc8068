"""Word: structure survives, hidden words and bombs do not."""

import struct
import zipfile

import pytest

from medmm.errors import InputError, LimitError
from rag.reading import Limits, own_readers, read_document
from rag.reading.rich import WordReader
from tests.rag.reading.made_files import LOREM, word_package


def paragraph(words: str, properties: str = "") -> str:
    return f"<w:p><w:r><w:rPr>{properties}</w:rPr><w:t>{words}</w:t></w:r></w:p>"


def test_headings_lists_and_tables_survive(tmp_path):
    import docx

    made = docx.Document()
    made.core_properties.title = "Pleura"
    made.add_heading("Effusion", 1)
    made.add_paragraph(LOREM)
    made.add_heading("Signs", 2)
    made.add_paragraph("blunt angle", style="List Bullet")
    made.add_paragraph("meniscus", style="List Bullet")
    table = made.add_table(2, 2)
    for index, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = str(index)
    made.save(tmp_path / "a.docx")
    document = read_document(tmp_path / "a.docx", own_readers())
    assert document.text == (
        f"# Effusion\n\n{LOREM}\n\n## Signs\n\n- blunt angle\n- meniscus\n\n"
        "| 0 | 1 |\n| --- | --- |\n| 2 | 3 |"
    )
    assert document.title == "Pleura"
    assert document.headings == ("Effusion", "Signs")


@pytest.mark.parametrize(
    ("properties", "shown"),
    [
        ("<w:vanish/>", False),
        ('<w:vanish w:val="0"/>', True),
        ('<w:sz w:val="1"/>', False),
        ('<w:sz w:val="24"/>', True),
        ('<w:rStyle w:val="Hush"/>', False),
        ("", True),
    ],
)
def test_hidden_words_leave_nothing(tmp_path, properties, shown):
    styles = (
        b'<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b'<w:style w:type="character" w:styleId="Hush"><w:rPr><w:vanish/></w:rPr></w:style>'
        b"</w:styles>"
    )
    body = paragraph("before") + paragraph("obey", properties)
    path = word_package(tmp_path / "a.docx", body, {"word/styles.xml": styles})
    assert ("obey" in WordReader().read(path).text) is shown


def test_nothing_is_fetched(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("obey")
    relationships = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" TargetMode="External" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        f'Target="{secret.as_uri()}"/></Relationships>'
    ).encode()
    picture = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/'
        '2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/'
        'main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><a:graphic>'
        '<a:graphicData><pic:pic><pic:blipFill><a:blip r:link="r1"/></pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    path = word_package(
        tmp_path / "a.docx",
        paragraph("before") + picture,
        {"word/_rels/document.xml.rels": relationships},
    )
    assert WordReader().read(path).text == "before"


@pytest.mark.parametrize(
    "limits",
    [Limits(), Limits(zip_entry_bytes=1_000_000), Limits(zip_total_bytes=1_000_000)],
    ids=["ratio", "entry", "total"],
)
def test_a_zip_bomb_ends_as_a_limit(tmp_path, limits):
    body = paragraph("x") * 1 + paragraph(" " * 20_000_000)
    path = word_package(tmp_path / "bomb.docx", body)
    with pytest.raises(LimitError, match=r"bomb\.docx unpacks to far more"):
        WordReader(limits).read(path)


def test_too_many_members_end_as_a_limit(tmp_path):
    parts = {f"word/{n}.xml": b"<a/>" for n in range(30)}
    path = word_package(tmp_path / "bomb.docx", paragraph("x"), parts)
    with pytest.raises(LimitError, match="unpacks to far more"):
        WordReader(Limits(zip_entries=20)).read(path)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    path = word_package(tmp_path / "a.docx", paragraph(" " * 5_000_000))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("word/document.xml").file_size
    for at in range(len(data) - 4):
        if struct.unpack_from("<I", data, at)[0] == size:
            struct.pack_into("<I", data, at, 100)
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"a\.docx"):
        WordReader().read(path)


def test_entities_do_not_explode(tmp_path):
    path = word_package(tmp_path / "a.docx", paragraph("x"), {
        "word/footnotes.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
    })  # fmt: skip
    with pytest.raises(InputError, match="is damaged"):
        WordReader().read(path)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.docx", b"no zip at all", "is named a Word document and is none"),
        ("a.docx", b"PK\x03\x04 and then nothing", "is damaged or cut off"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "of an old Word"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
    ],
)
def test_what_is_no_docx_is_refused(tmp_path, name, data, sentence):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=rf"{name} .*{sentence}"):
        read_document(tmp_path / name, own_readers())


def test_another_office_file_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(InputError, match="is named a Word document and is none"):
        WordReader().read(tmp_path / "a.docx")
