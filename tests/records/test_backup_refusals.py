"""Whatever is wrong with a backup is found before anything of the home changes."""

import gzip
import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import InputError, MedmmError
from medmm.home import Home
from medmm.records import audit_head, migrations
from medmm.records.audit_chain import Link, row_hash
from medmm.records.backup import format as form
from tests.records import backup_files as files
from tests.records.backup_files import Members
from tests.records.backup_homes import bring, bytes_of, fill, opened_again, write
from tests.records.conftest import Opened

PLACES = 50


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good backup, and beside it the home that it is of."""
    folder = tmp_path_factory.mktemp("whole")
    home = home_module.prepare(folder / "home")
    database = Database(home.database_url)
    migrations.ensure(database, home)
    fill(Opened(home, database))
    write(Opened(home, database), folder / "a.medmm")
    database.close()
    return folder / "a.medmm"


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Home:
    """A home that holds something, which must be as it was after each refusal."""
    shutil.copytree(whole.parent / "home", tmp_path / "home")
    return home_module.prepare(tmp_path / "home")


def refused(home: Home, file: Path) -> MedmmError:
    """The refusal; the home has no byte that it did not have."""
    before = bytes_of(home.path)
    with pytest.raises(MedmmError) as told:
        bring(home, file, force=True)
    assert bytes_of(home.path) == before
    return told.value


def test_the_good_one_is_taken_apart_and_put_together_to_the_same(
    whole: Path, home: Home, tmp_path: Path
) -> None:
    files.put(files.members(whole), tmp_path / "b.medmm")
    assert (tmp_path / "b.medmm").read_bytes() == whole.read_bytes()
    assert bring(home, tmp_path / "b.medmm", force=True).problems == ()


def _first_kept(parts: Members) -> str:
    return next(name for name in parts if name.startswith("pixels/"))


def _drop(name: Callable[[Members], str]) -> Callable[[Members], Members]:
    return lambda parts: {one: data for one, data in parts.items() if one != name(parts)}


def _said(**changes: Any) -> Callable[[Members], Members]:
    return lambda parts: files.with_manifest(parts, lambda found: found.update(changes))


def _table(table: str, **changes: Any) -> Callable[[Members], Members]:
    def change(found: dict[str, Any]) -> None:
        next(one for one in found["tables"] if one["name"] == table).update(changes)

    return lambda parts: files.with_manifest(parts, change)


def _packed(name: str, **changes: Any) -> Callable[[Members], Members]:
    return lambda parts: files.with_rows(parts, name, files.rows_in(parts, name), **changes)


def _row(name: str, place: int, value: Any) -> Callable[[Members], Members]:
    def change(parts: Members) -> Members:
        rows = files.rows_in(parts, name)
        rows[0][place] = value
        return files.with_rows(parts, name, rows)

    return change


def _listed(folder: str, name: str, size: int) -> Callable[[Members], Members]:
    """A file of this name among the listed ones and in the backup, in its order."""

    def change(parts: Members) -> Members:
        listed = sorted([*files.listed_in(parts), [folder, name, size]])
        kept = {
            one: data for one, data in parts.items() if not one.startswith(("pixels/", "files/"))
        }
        named = {f"{one}/{other}": None for one, other, _ in listed}
        return files.with_files(kept | {one: parts.get(one, b"x" * size) for one in named}, listed)

    return change


def _rehashed(parts: Members) -> Members:
    """The audit chain with a changed event, hashed anew to its end as a forger would."""
    rows, before = files.rows_in(parts, "audit_events"), "0" * 64
    rows[0][3] = "eve"
    for row in rows:
        row[-2] = before
        row[-1] = before = row_hash(before, row[:-2])
    return _said(hash=before)(files.with_rows(parts, "audit_events", rows))


def _cut_chain(parts: Members) -> Members:
    """The audit chain without its last event, and a manifest that agrees."""
    rows = files.rows_in(parts, "audit_events")[:-1]
    cut = files.with_rows(parts, "audit_events", rows)
    return _said(hash=rows[-1][-1], sequence=rows[-1][0])(cut)


def _bomb(parts: Members) -> Members:
    """A table that unpacks to more than is said."""
    data = gzip.compress(b"[" + b" " * 50_000_000)
    name = "tables/users.jsonl.gz"
    said = {"stored": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return {**files.with_rows(parts, "users", files.rows_in(parts, "users"), **said), name: data}


CASES: dict[str, tuple[Callable[[Members], Members], str, int]] = {
    "a newer schema": (_said(revision="9999"), "newer version of medmm", 3),
    "a missing file": (_drop(_first_kept), "is missing, and", 3),
    "a missing table": (_drop(lambda _: "tables/users.jsonl.gz"), "is missing, and", 3),
    "one more member": (lambda parts: {**parts, "more": b"x"}, "sha256 is missing, and 'more'", 3),
    "another file under a name": (
        lambda parts: {**parts, _first_kept(parts): b"x" * len(parts[_first_kept(parts)])},
        "is not what was written", 3,
    ),
    "a file that is named twice": (
        lambda parts: files.with_files(parts, [files.listed_in(parts)[0]] * 2), "not in order", 3,
    ),
    "a name that leads out": (_listed("pixels", "../../" + "a" * 64, 1), "list of files", 3),
    "a folder of the system": (_listed("/etc", "a" * 64, 1), "list of files", 3),
    "a size that no disk has": (_said(file_bytes=2**60), "MB free", 5),
    "a negative size": (_said(file_bytes=-1), "manifest", 3),
    "no table": (_said(tables=[]), "is missing, and", 3),
    "a table of another name": (_table("users", name="passwords"), "passwords", 3),
    "a table's name that is SQL": (_table("users", name="users; DROP"), "manifest", 3),
    "a column of another name": (
        _table("reports", columns=[["id", "integer"], ["study_id", "integer"], ["state", "text"],
                                   ["created", "moment"]]),
        "table reports is not that of its schema", 3,
    ),
    "a column of another kind": (
        _table("reports", columns=[["id", "text"], ["study_id", "integer"], ["status", "text"],
                                   ["created", "moment"]]),
        "does not hold what it says", 3,
    ),
    "a row without a value": (_row("users", 1, None), "do not fit together", 3),
    "a value of another type": (_row("users", 0, "1"), "does not hold what it says", 3),
    "a row that points nowhere": (_row("reports", 1, 77), "do not fit together", 3),
    "a row too few": (_packed("users", lines=6), "does not hold what it says", 3),
    "a table that unpacks to more": (_bomb, "does not hold what it says", 3),
    "a chain that was changed": (_row("audit_events", 3, "eve"), "cannot be trusted", 3),
    "a chain hashed anew": (_rehashed, "not the one that was sealed", 3),
    "a chain that was cut": (_cut_chain, "was sealed", 3),
    "a chain that it does not say": (_said(hash="0" * 64), "another audit chain", 3),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_was_made_wrong_is_refused(whole: Path, home: Home, tmp_path: Path, case: str) -> None:
    change, told, code = CASES[case]
    files.put(change(files.members(whole)), tmp_path / "b.medmm")
    error = refused(home, tmp_path / "b.medmm")
    assert told in str(error)
    assert error.exit_code == code
    assert "b.medmm" in str(error)


def _link(name: str, size: int) -> bytes:
    """A link where a kept file should be."""
    if not name.startswith("pixels/"):
        return form.header(name, size)
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return link.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")


def test_a_link_is_refused(whole: Path, home: Home, tmp_path: Path) -> None:
    files.put(files.members(whole), tmp_path / "b.medmm", headers=_link)
    assert "another size or kind" in str(refused(home, tmp_path / "b.medmm"))


def test_a_head_by_another_key_than_it_says_is_refused(
    whole: Path, home: Home, tmp_path: Path
) -> None:
    parts = files.members(whole)
    other = home_module.prepare(tmp_path / "other")
    key = Ed25519PrivateKey.generate()
    head = audit_head.sign(key, Link(1, "0" * 64), "2026-01-01T00:00:00+00:00")
    audit_head.write_head(other, head)
    forged = audit_head.head_bytes(other) or b""
    said = {"size": len(forged), "sha256": hashlib.sha256(forged).hexdigest()}
    files.put(_said(head=said)({**parts, form.HEAD: forged}), tmp_path / "b.medmm")
    assert "not the one that was sealed" in str(refused(home, tmp_path / "b.medmm"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: b"", "not a backup"),
        (lambda data: b"Dear colleague,\n" * 100, "not a backup"),
        (lambda data: data[:100], "not a backup"),
        (lambda data: data[:700], "cut short"),
        (lambda data: data[: len(data) // 2], "cut short"),
        (lambda data: data[:-1], "cut short"),
        (lambda data: data + b"\0", "follows its end"),
        (lambda data: data.replace(b"medmm backup 1\n", b"medmm backup 2\n"), "of format 2"),
        (lambda data: data.replace(b'"dialect":"sqlite"', b'"dialect":"sqlitf"'), "manifest"),
        (lambda data: b"medmm backup encrypted 1 2 3\n" + data, "is encrypted"),
    ],
)
def test_what_is_no_whole_backup_is_refused(
    whole: Path, home: Home, tmp_path: Path, change: Callable[[bytes], bytes], told: str
) -> None:
    (tmp_path / "b.medmm").write_bytes(change(whole.read_bytes()))
    error = refused(home, tmp_path / "b.medmm")
    assert told in str(error)
    assert error.exit_code == 3


def test_a_key_that_would_take_all_memory_is_not_tried(home: Home, tmp_path: Path) -> None:
    # scrypt with 2 to the power of 30 takes a TiB.
    key = b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 + b" 30\n" + b"A" * 43 + b"\n--- x\n"
    line = f"medmm backup encrypted 1 {len(key)} {hashlib.sha256(key).hexdigest()}\n".encode()
    (tmp_path / "b.medmm").write_bytes(line + key + bytes(1000))
    with pytest.raises(InputError, match="as medmm locks it"):
        bring(home, tmp_path / "b.medmm", force=True, passphrase=lambda: "any")


def test_no_file_is_refused(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path / "none", tmp_path / "pipe", tmp_path):
        assert refused(home, file).exit_code == 3


def test_one_byte_that_differs_anywhere_is_found(whole: Path, home: Home, tmp_path: Path) -> None:
    data = whole.read_bytes()
    before = bytes_of(home.path)
    evenly = [(len(data) - 1) * number // (PLACES - 1) for number in range(PLACES)]
    # And what holds nothing but the proof of the rest: its header, itself and what fills it up.
    for number, place in enumerate([*evenly, *range(len(data) - 2048, len(data), 50)]):
        # Each bit of a byte in turn.
        changed = bytearray(data)
        changed[place] ^= 1 << number % 8
        (tmp_path / "b.medmm").write_bytes(changed)
        with pytest.raises(InputError):
            bring(home, tmp_path / "b.medmm", force=True)
    assert bytes_of(home.path) == before


def test_a_disk_that_takes_no_more_leaves_the_home_as_it_was(
    whole: Path, home: Home, tmp_path: Path
) -> None:
    import resource

    before = bytes_of(home.path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises(MedmmError) as told:
            bring(home, whole, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told.value.exit_code == 5
    assert bytes_of(home.path) == before
    with opened_again(home) as again:
        assert again.database.dialect == "sqlite"
