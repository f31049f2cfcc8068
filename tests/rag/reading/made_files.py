"""Real files, made for these tests."""

import io
import zipfile
import zlib
from pathlib import Path

LOREM = (
    "The visceral pleural line runs parallel to the chest wall and no lung markings are seen "
    "beyond it on an erect film."
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(path: Path, pages: list[list[str]], *, outline: list[tuple[str, int, int]] = (),
        title: str = "") -> Path:  # fmt: skip
    """Lines on pages; outline entries are (title, page index, level from 0)."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    if title:
        canvas.setTitle(title)
    for index, lines in enumerate(pages):
        canvas.bookmarkPage(f"page{index}")
        for entry, page, level in outline:
            if page == index:
                canvas.addOutlineEntry(entry, f"page{index}", level)
        for row, line in enumerate(lines):
            canvas.drawString(60, 800 - 14 * row, line)
        canvas.showPage()
    canvas.save()
    return path


def scanned_pdf(path: Path, pages: int = 3) -> Path:
    """Pages that are pictures, with a page number as their only text."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    for number in range(pages):
        canvas.drawImage(ImageReader(Image.new("L", (80, 100), 200)), 50, 50)
        canvas.drawString(300, 20, f"Page {number + 1}")
        canvas.showPage()
    canvas.save()
    return path


def pdf_of_stream(path: Path, stream: bytes) -> Path:
    """One page whose packed content is ``stream``."""
    packed = zlib.compress(stream, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    file = io.BytesIO(b"%PDF-1.4\n")
    file.seek(0, 2)
    places = []
    for number, one in enumerate(objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, one))
    start = file.tell()
    file.write(b"xref\n0 6\n0000000000 65535 f \n")
    file.writelines(b"%010d 00000 n \n" % place for place in places)
    file.write(b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    path.write_bytes(file.getvalue())
    return path


def word_package(path: Path, body: str, parts: dict[str, bytes] | None = None) -> Path:
    """The smallest .docx around a body of WordprocessingML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/'
            f'2006/relationships"><w:body>{body}</w:body></w:document>',
        )
        for name, data in (parts or {}).items():
            archive.writestr(name, data)
    return path
