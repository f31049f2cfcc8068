"""What files, documents, models and people wrote is shown by every command as text, and only that.

Each hostile string comes in from five sources; each begins with a mark of its own, so that what is
shown of it can be found. No screen may hold a character that hides, reverses or commands, no string
may begin a line of its own, and JSON gives back what was kept.
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from typer.testing import CliRunner

from medmm.assembly import homes
from medmm.cli.main import build
from medmm.nouns import Evidence, ExpertRun, Region, Statement
from medmm.nouns.characters import is_hidden
from medmm.records import reports, studies
from tests.dicom.synthetic import cuts, write
from tests.records.builders import study
from tests.records.exporters.hostile import STRINGS, Hostile
from tests.records.exporters.made_reports import full_draft

SOURCES = ("header", "file name", "document", "model", "person")
# Of a header, by tag and value representation.
FIELDS = (
    (0x00100010, "PN"), (0x00100020, "LO"), (0x00080050, "SH"), (0x00081030, "LO"),
    (0x0008103E, "LO"), (0x00181030, "LO"), (0x00080070, "LO"),
    (0x00180015, "CS"), (0x00100040, "CS"), (0x00101010, "AS"), (0x00080020, "DA"),
)  # fmt: skip
# A lone surrogate stands in no file that is UTF-8 and in no database's text.
STORED = [hostile for hostile in STRINGS if hostile.label != "surrogate"]


def mark_of(number: int) -> str:
    """A word that only one string's texts hold."""
    return f"Q{number:02}mark"


def marked(number: int) -> str:
    return f"{mark_of(number)} {STRINGS[number].raw}"


@dataclass(frozen=True)
class Screens:
    """What each command wrote on stdout and stderr, and its JSON document where asked for."""

    texts: dict[str, str]
    documents: dict[str, Any]
    home: Path


def in_header(folder: Path, number: int) -> None:
    text = marked(number).encode("utf-8", "surrogatepass")[:1000]
    text += b" " * (len(text) % 2)
    write(folder, cuts(3, identity=f"I{number}"))
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = "ISO_IR 192"
        for tag, vr in FIELDS:
            # pydicom would encode the string in its own way, so a stand-in is written first.
            dataset.add(DataElement(tag, vr, _stand_in(tag, text), validation_mode=config.IGNORE))
        with config.disable_value_validation():
            dataset.save_as(path)
        data = path.read_bytes()
        for tag, _ in FIELDS:
            data = data.replace(_stand_in(tag, text).encode(), text)
        path.write_bytes(data)


def _stand_in(tag: int, text: bytes) -> str:
    return f"{tag:08x}".ljust(len(text), "z")


def in_file_name(folder: Path, number: int) -> None:
    name = marked(number).replace("/", "_").replace("\0", "")
    raw = name.encode("utf-8", "surrogatepass")[:200].decode("utf-8", "ignore")
    (folder / raw).write_text("no image at all")


def in_document(folder: Path, number: int) -> None:
    text = marked(number)[:1500]
    data = f"# {text}\n\nA nodule, {text}, is followed.\n".encode("utf-8", "surrogatepass")
    (folder / f"{mark_of(number)}.md").write_bytes(data)


def by_model(opened: homes.OpenHome, number: int) -> int:
    """A draft in which every text of a model, an expert and a passage is the string."""
    text = marked(number)[:900]
    made = full_draft()
    said = Statement("s1", "Impression", text, "unsupported", (Evidence("vlm", "m", text),))
    [passage] = made.retrieved
    given = replace(
        made,
        statements=(said,),
        retrieved=(replace(passage, document=text, text=text),),
        experts=(ExpertRun(text, "1", "refused", "refuses", text),),
        regions=(Region("r1", text, "mask", "1.2.3.1", laterality="right"),),
        warnings=(text,),
    )
    kept = reports.save_draft(opened.database, opened.home, 1, given)
    assert kept.report_id is not None
    return kept.report_id


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Screens:
    """Every command that shows something, on a home that all strings have reached."""
    folder = tmp_path_factory.mktemp("screens")
    home = folder / "home"
    texts: dict[str, str] = {}
    documents: dict[str, Any] = {}
    runner = CliRunner()

    def run(*words: object, within: str = "") -> str:
        arguments = [*(str(word) for word in words), "--home", str(home)]
        made = runner.invoke(build(), arguments, catch_exceptions=False)
        name = within or " ".join(arguments[: 2 if words[0] in ("reports", "rag", "user") else 1])
        texts[name] = texts.get(name, "") + made.stdout + made.stderr
        assert made.exit_code != 1, (words, made.output)
        return made.stdout

    opened = homes.open_home(home)
    studies.save_study(opened.database, opened.home, study())
    for place in ("images", "loose", "guides"):
        (folder / place).mkdir()
    for number in range(len(STRINGS)):
        in_header(folder / "images" / f"{number}", number)
        in_file_name(folder / "loose", number)
        in_document(folder / "guides", number)
    kept = {number: by_model(opened, number) for number in range(len(STRINGS)) if
            STRINGS[number] in STORED}  # fmt: skip
    run("ingest", folder / "images", folder / "loose")
    documents["ingest"] = json.loads(run("ingest", folder / "images", "--json", within="ingest j"))
    run("convert", folder / "images" / "0", folder / "out")
    run("rag", "add", folder / "guides", "--domain", "chest-ct")
    run("studies", "--limit", 100)
    documents["studies"] = json.loads(run("studies", "--json", within="studies json"))
    for row in documents["studies"]["studies"]:
        run("study", row["id"])
        told = run("study", row["id"], "--json", within="study json")
        documents[f"study {row['id']}"] = json.loads(told)
    for number, report in kept.items():
        run("reports", "show", report)
        run("reports", "show", report, "--text", within="reports text")
        run("reports", "search", mark_of(number))
        edited = folder / "edited.txt"
        edited.write_bytes(f"# Findings\n{marked(number)}\n".encode("utf-8", "surrogatepass"))
        run("reports", "edit", report, edited, "--author", "ann")
        edited.write_text("# Findings\nThe lungs are clear.\n")
        run("reports", "edit", report, edited, "--author", marked(number), "--reason", "x")
        run("reports", "edit", report, edited, "--author", "ann", "--reason", marked(number))
        # What is plain is taken, whatever was refused before.
        edited.write_text("# Findings\nThe heart is not large.\n")
        run("reports", "edit", report, edited, "--author", "ann")
        run("reports", "diff", report, 1, 2)
        run("reports", "hand-on", report, "--author", "ann", "--reason", marked(number))
        run("reports", "history", report)
        run("export", report, "--to", marked(number), folder / "out.txt")
        run("user", "add", marked(number), "--role", "reader", "--password-fd", 0)
    for number in range(len(STRINGS)):
        run("draft", marked(number))
    run("reports", "list")
    run("rag", "list")
    run("rag", "search", "a nodule is followed", "--explain")
    run("db", "check")
    return Screens(texts, documents, home)


def hidden_in(text: str) -> Iterator[str]:
    for character in text:
        if character not in "\n\t" and is_hidden(character):
            yield f"U+{ord(character):04X} {unicodedata.category(character)}"


def test_no_screen_holds_a_hidden_character(screens: Screens) -> None:
    found = {name: sorted(set(hidden_in(text))) for name, text in screens.texts.items()}
    assert {name: signs for name, signs in found.items() if signs} == {}


# Where a string of each source is to be seen.
SEEN = {
    "header": ("studies", "study", "study json"),
    "file name": ("ingest",),
    "document": ("rag add",),
    "model": ("reports show", "reports text", "reports search", "reports diff"),
    "person": ("draft",),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("hostile", STRINGS, ids=lambda hostile: hostile.label)
def test_a_string_is_seen_and_begins_no_line(
    screens: Screens, source: str, hostile: Hostile
) -> None:
    if source == "model" and hostile not in STORED:
        return
    mark = mark_of(STRINGS.index(hostile))
    for name in SEEN[source]:
        text = screens.texts[name]
        assert mark in text, (name, mark)
        for line in text.split("\n"):
            # The string that holds breaks would make these two lines of its own.
            assert not line.startswith(("# Findings‹", "[s1] b", "@SUM")), line


def test_the_cases_are_as_many_as_asked() -> None:
    assert len(STRINGS) * len(SOURCES) == 120


def test_names_are_kept_byte_for_byte_beside_their_clean_form(screens: Screens) -> None:
    shown = [
        document["patient"]
        for name, document in screens.documents.items()
        if name.startswith("study ") and "mark" in document["patient"]["name"]
    ]
    assert len(shown) == len(STRINGS)
    for patient in shown:
        number = int(patient["name"][1:3])
        raw = marked(number).encode("utf-8", "surrogatepass")[:1000]
        assert bytes.fromhex(patient["name_bytes"]).rstrip(b" ") == raw.rstrip(b" ")
        assert patient["character_set"] == "ISO_IR 192"
        assert not list(hidden_in(patient["name"]))


def test_the_trail_holds_no_string(screens: Screens) -> None:
    opened = homes.open_home(screens.home)
    with opened.database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM audit_events").all()
    for row in rows:
        assert not list(hidden_in(" ".join(str(cell) for cell in row)))
    assert homes.check_database(screens.home) == []
