"""A backup is one state of a home, on either database, and restores to just that on either."""

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from medmm.database import Database
from medmm.errors import HomeError, InputError, StorageError
from medmm.records import audit, audit_head, audit_seal, integrity, migrations, reports, studies
from medmm.records.access import machine
from medmm.records.audit_tables import AuditRow
from medmm.records.backup.format import Manifest
from medmm.records.edits import edit_report
from medmm.records.erasing import erase_patient
from medmm.records.session_tables import SessionRow
from tests.records.backup_homes import (
    ADA,
    SECRET,
    bring,
    bytes_of,
    fill,
    new_home,
    opened_again,
    raw,
    rows,
    write,
)
from tests.records.builders import draft
from tests.records.conftest import Opened
from tests.records.signing_homes import events, sign

NewUrl = Callable[[str], str]


@pytest.fixture
def new_url(postgres_admin: psycopg.Connection) -> Iterator[NewUrl]:
    """What gives the URL of one more empty database of a kind; "" is SQLite in the home."""
    made: list[str] = []

    def url(kind: str) -> str:
        if kind == "sqlite":
            return ""
        name = f"b{os.getpid()}_{len(made)}"
        postgres_admin.execute(f"CREATE SCHEMA {name}")
        made.append(name)
        host = postgres_admin.info.host
        return f"postgresql+psycopg://postgres@/postgres?host={host}&options=-csearch_path%3D{name}"

    yield url
    for name in made:
        postgres_admin.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restored_home_has_all_rows_and_goes_on(
    opened: Opened, tmp_path: Path, new_url: NewUrl, target: str
) -> None:
    fill(opened)
    before = rows(opened.database)
    made = write(opened, tmp_path / "a.medmm")
    assert (made.manifest.problems, made.sha256) == (
        (),
        hashlib.sha256((tmp_path / "a.medmm").read_bytes()).hexdigest(),
    )
    home = new_home(tmp_path / "new", new_url(target))
    done = bring(home, tmp_path / "a.medmm")
    assert (done.problems, done.aside) == ((), None)
    with opened_again(home) as again:
        after = rows(again.database)
        assert after["audit_events"][:-1] == before["audit_events"]
        assert {**after, "audit_events": []} == {**before, "audit_events": []}
        assert integrity.check(again.database, again.home, hashes=True) == []
        assert events(again)[-1][:3] == ("ada", "admin", "restore")
        assert events(again)[-1][-1]["sha256"] == made.sha256
        assert [hit.id for hit in reports.search(again.database, "überall")] == [2]
        series = studies.load_study(again.database, again.home, 1).series[0]
        assert series.content.array.shape == (6, 16, 20)  # type: ignore[union-attr]
        # It goes on: numbers follow those that were given, the chain follows the restore.
        edit_report(again.database, again.home, 2, "[s1] Überall klare Lunge.", author="rex")
        assert sign(again, 2).status == "final"
        assert reports.save_draft(again.database, again.home, 1, draft()).report_id == 3
        assert integrity.check(again.database, again.home, hashes=True) == []


def test_sqlite_to_postgres_to_sqlite_gives_equal_rows(
    sqlite_home: Opened, tmp_path: Path, new_url: NewUrl
) -> None:
    fill(sqlite_home)
    before, opened = rows(sqlite_home.database), sqlite_home
    for turn, kind in enumerate(("postgresql", "sqlite")):
        write(opened, tmp_path / f"{turn}.medmm")
        opened.database.close()
        home = new_home(tmp_path / f"new{turn}", new_url(kind))
        bring(home, tmp_path / f"{turn}.medmm")
        with opened_again(home) as again:
            after = rows(again.database)
        assert after["audit_events"][: len(before["audit_events"])] == before["audit_events"]
        assert {**after, "audit_events": []} == {**before, "audit_events": []}
        opened = Opened(home, Database(home.database_url))


def test_numbers_that_were_given_are_not_given_again(
    opened: Opened, tmp_path: Path, new_url: NewUrl
) -> None:
    fill(opened)
    last = reports.save_draft(opened.database, opened.home, 1, draft()).report_id
    raw(
        opened,
        f"DELETE FROM report_versions WHERE report_id = {last}",
        f"DELETE FROM report_search WHERE {'rowid' if _lite(opened) else 'report_id'} = {last}",
        f"DELETE FROM reports WHERE id = {last}",
    )
    write(opened, tmp_path / "a.medmm")
    for kind in ("sqlite", "postgresql"):
        home = new_home(tmp_path / kind, new_url(kind))
        bring(home, tmp_path / "a.medmm")
        with opened_again(home) as again:
            added = reports.save_draft(again.database, again.home, 1, draft()).report_id
            assert added == (last or 0) + 1


def _lite(opened: Opened) -> bool:
    return opened.database.dialect == "sqlite"


def test_nobody_is_signed_in_after_a_restore(opened: Opened, tmp_path: Path) -> None:
    fill(opened)
    now = datetime.now(UTC)
    with opened.database.write() as session:
        session.add(
            SessionRow(
                token_sha256="a" * 64, user_id=1, state_sha256="b" * 64, origin="::1",
                created=now, seen=now, ends=now,
            )
        )  # fmt: skip
    made = write(opened, tmp_path / "a.medmm")
    assert {table.name: table.packed.lines for table in made.manifest.tables}["sessions"] == 0
    home = new_home(tmp_path / "new")
    assert bring(home, tmp_path / "a.medmm").problems == ()


def test_secrets_are_not_in_a_backup(sqlite_home: Opened, tmp_path: Path) -> None:
    fill(sqlite_home)
    (sqlite_home.home.path / "settings.toml").write_text(
        f'vlm_api_key = "{SECRET}"\nvlm_url = "https://ann:{SECRET}@example.org/v1"\n'
        f'peers = ["A@h:1", "B\\u007f"]\nlisten_port = 104\nmodels = "/{SECRET}"\n'
        f'database_url = "postgresql://medmm:{SECRET}@db/medmm"\n'
    )
    write(sqlite_home, tmp_path / "a.medmm")
    key = audit_head.key_path(sqlite_home.home).read_bytes()
    with tarfile.open(tmp_path / "a.medmm") as tar:
        assert "audit-key" not in tar.getnames()
    whole = (tmp_path / "a.medmm").read_bytes()
    assert SECRET.encode() not in whole
    assert key not in whole
    home = new_home(tmp_path / "new")
    bring(home, tmp_path / "a.medmm")
    kept = new_home(tmp_path / "new").settings
    assert (kept.vlm_url, kept.listen_port) == ("https://example.org/v1", 104)
    assert (kept.peers, kept.models, kept.database_url) == (("A@h:1", "B\x7f"), None, "")


def test_an_encrypted_backup_holds_the_key_and_opens_with_its_passphrase_alone(
    sqlite_home: Opened, tmp_path: Path
) -> None:
    fill(sqlite_home)
    file = tmp_path / "a.medmm"
    made = write(sqlite_home, file, passphrase="four little words")
    assert made.encrypted
    assert b"DOE^JANE" not in file.read_bytes()
    home = new_home(tmp_path / "new")
    for given, told in (("four little word", "does not open"), (None, "is encrypted")):
        with pytest.raises(InputError, match=told):
            bring(home, file, passphrase=None if given is None else lambda: "four little word")
    whole = file.read_bytes()
    for changed in (whole[:-30], whole[:5000] + b"x" + whole[5001:]):
        (tmp_path / "b.medmm").write_bytes(changed)
        with pytest.raises(InputError, match="not what was encrypted"):
            bring(home, tmp_path / "b.medmm", passphrase=lambda: "four little words")
    bring(home, file, passphrase=lambda: "four little words", must_be_encrypted=True)
    own, kept = audit_head.read_head(sqlite_home.home), audit_head.read_head(home)
    assert own is not None
    assert kept is not None
    assert own.key == kept.key


def test_a_plain_file_does_not_pass_for_an_encrypted_one(
    sqlite_home: Opened, tmp_path: Path
) -> None:
    write(sqlite_home, tmp_path / "a.medmm")
    with pytest.raises(InputError, match="is not encrypted"):
        bring(new_home(tmp_path / "new"), tmp_path / "a.medmm", must_be_encrypted=True)


def test_a_file_is_private_and_never_written_over_unasked(
    sqlite_home: Opened, tmp_path: Path
) -> None:
    file = tmp_path / "a.medmm"
    file.write_text("mine")
    with pytest.raises(InputError, match="already"):
        write(sqlite_home, file)
    assert file.read_text() == "mine"
    write(sqlite_home, file, force=True)
    assert file.stat().st_mode & 0o777 == 0o600

    def meanwhile(_: Manifest, __: str) -> None:
        (tmp_path / "b.medmm").write_text("mine")

    with pytest.raises(InputError, match="already"):
        write(sqlite_home, tmp_path / "b.medmm", noted=meanwhile)
    assert (tmp_path / "b.medmm").read_text() == "mine"
    (tmp_path / "way").symlink_to(sqlite_home.home.path / "logs")
    for inside in (sqlite_home.home.path / "a.medmm", tmp_path / "way" / "a.medmm"):
        with pytest.raises(InputError, match="in the home itself"):
            write(sqlite_home, inside)
    with pytest.raises(StorageError):
        write(sqlite_home, tmp_path / "no-such-folder" / "a.medmm")
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("stop", "passphrase"),
    [
        (KeyboardInterrupt(), None),
        (KeyboardInterrupt(), "four little words"),
        (StorageError("full", "mend"), None),
    ],
)
def test_a_backup_that_is_stopped_leaves_nothing(
    sqlite_home: Opened, tmp_path: Path, stop: BaseException, passphrase: str | None
) -> None:
    fill(sqlite_home)

    def progress(message: str) -> None:
        if message.startswith("file 2"):
            raise stop

    with pytest.raises((KeyboardInterrupt, StorageError)):
        write(sqlite_home, tmp_path / "a.medmm", passphrase=passphrase, progress=progress)
    assert not list(tmp_path.glob("*.medmm*"))


@pytest.mark.parametrize("passphrase", [None, "four little words"])
def test_a_disk_that_takes_no_more_leaves_nothing_and_is_told(
    sqlite_home: Opened, tmp_path: Path, passphrase: str | None
) -> None:
    import resource

    fill(sqlite_home)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StorageError, match=r"a\.medmm"):
            write(sqlite_home, tmp_path / "a.medmm", passphrase=passphrase)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.glob("*.medmm*"))


def test_a_patient_erased_meanwhile_is_not_in_it(opened: Opened, tmp_path: Path) -> None:
    fill(opened)
    done: list[str] = []

    def progress(message: str) -> None:
        if message.startswith("file 1") and not done:
            done.append(message)
            with audit.sealing(opened.database, opened.home):
                erase_patient(
                    opened.database, opened.home, 1, reason="GDPR-17", also=lambda *_: None
                )

    made = write(opened, tmp_path / "a.medmm", progress=progress)
    held = {table.name: table.packed.lines for table in made.manifest.tables}
    assert (held["patients"], held["reports"], made.manifest.files.lines) == (0, 0, 0)
    assert b"DOE^JANE" not in (tmp_path / "a.medmm").read_bytes()


def test_damaged_files_are_told_and_the_rest_is_kept(opened: Opened, tmp_path: Path) -> None:
    fill(opened)
    home = opened.home.path
    [mask] = (home / "files").glob("*.nii.gz")
    mask.write_bytes(b"ksam")
    [pixels] = (home / "pixels").glob("*.npy")
    pixels.unlink()
    made = write(opened, tmp_path / "a.medmm")
    assert made.manifest.problems == (
        f"pixels/{pixels.name} is missing.",
        f"files/{mask.name} is damaged: its hash is another.",
    ) or made.manifest.problems == (
        f"files/{mask.name} is damaged: its hash is another.",
        f"pixels/{pixels.name} is missing.",
    )
    done = bring(new_home(tmp_path / "new"), tmp_path / "a.medmm")
    assert {problem.split(" is ")[0] for problem in done.problems} == {
        f"pixels/{pixels.name}",
        f"files/{mask.name}",
    }


def test_a_chain_that_was_broken_before_is_told_and_restored(
    opened: Opened, tmp_path: Path
) -> None:
    fill(opened)
    raw(opened, "UPDATE audit_events SET actor = 'eve' WHERE sequence = 1")
    made = write(opened, tmp_path / "a.medmm")
    assert any("event 1 was changed" in one for one in made.manifest.problems)
    done = bring(new_home(tmp_path / "new"), tmp_path / "a.medmm")
    assert any("event 1 was changed" in one for one in done.problems)


def test_a_head_sealed_after_the_snapshot_is_not_in_it(opened: Opened, tmp_path: Path) -> None:
    fill(opened)

    def progress(message: str) -> None:
        if message == "table users":
            with audit.audited(opened.database, opened.home) as session:
                audit.record(session, audit.event_by(ADA, "list"))

    before = len(events(opened))
    made = write(opened, tmp_path / "a.medmm", progress=progress)
    assert len(events(opened)) == before + 1
    assert made.manifest.sequence == before
    home = new_home(tmp_path / "new")
    assert bring(home, tmp_path / "a.medmm").problems == ()


def test_a_home_that_holds_something_is_refused_and_by_force_put_aside(
    opened: Opened, tmp_path: Path, new_url: NewUrl
) -> None:
    write(opened, tmp_path / "a.medmm")
    home = new_home(tmp_path / "new", new_url(opened.database.dialect))
    with opened_again(home) as again:
        fill(again)
        before, head = rows(again.database), audit_head.head_bytes(home)
    as_it_was = bytes_of(home.path)
    with pytest.raises(InputError, match="has studies already"):
        bring(home, tmp_path / "a.medmm")
    assert bytes_of(home.path) == as_it_was
    done = bring(home, tmp_path / "a.medmm", force=True)
    assert done.aside is not None
    aside = Path(done.aside)
    assert (aside / "audit-head").read_bytes() == head
    with opened_again(home) as again:
        assert studies.list_studies(again.database) == []
        assert integrity.check(again.database, home, hashes=True) == []
    if opened.database.dialect == "sqlite":
        kept = Database(f"sqlite:///{aside / 'medmm.db'}")
    else:
        schema = aside.name.replace("-", "_").lower()
        url = home.database_url.rpartition("%3D")[0]
        kept = Database(f"{url}%3D{schema}")
    assert rows(kept) == before
    if opened.database.dialect == "postgresql":
        with kept.write() as session:
            session.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    kept.close()


def test_who_was_erased_since_is_told(opened: Opened, tmp_path: Path, new_url: NewUrl) -> None:
    fill(opened)
    write(opened, tmp_path / "a.medmm")
    home = new_home(tmp_path / "new", new_url(opened.database.dialect))
    bring(home, tmp_path / "a.medmm")
    with opened_again(home) as again, audit.sealing(again.database, home):
        erase_patient(
            again.database,
            home,
            1,
            reason="GDPR-17",
            also=lambda session, _: audit.record(
                session, audit.Event("ada", "admin", "erase", "patient:1")
            ),
        )
    done = bring(home, tmp_path / "a.medmm", force=True)
    assert done.erased_since == ("patient:1",)


def test_a_home_in_use_is_not_restored(sqlite_home: Opened, tmp_path: Path) -> None:
    write(sqlite_home, tmp_path / "a.medmm")
    with sqlite_home.database.read() as session:
        session.scalar(select(AuditRow.sequence))
    before = bytes_of(tmp_path / "home")
    with pytest.raises(HomeError, match="in use by another process"):
        bring(sqlite_home.home, tmp_path / "a.medmm", force=True)
    assert bytes_of(tmp_path / "home") == before


def test_a_damaged_database_is_put_aside_as_it_is(sqlite_home: Opened, tmp_path: Path) -> None:
    fill(sqlite_home)
    before = rows(sqlite_home.database)
    write(sqlite_home, tmp_path / "a.medmm")
    sqlite_home.database.close()
    database = sqlite_home.home.path / "medmm.db"
    database.write_bytes(b"no database" * 1000)
    with pytest.raises(InputError, match="cannot be read"):
        bring(sqlite_home.home, tmp_path / "a.medmm")
    done = bring(sqlite_home.home, tmp_path / "a.medmm", force=True)
    assert (Path(done.aside or "") / "medmm.db").read_bytes() == b"no database" * 1000
    with opened_again(sqlite_home.home) as again:
        assert rows(again.database)["signatures"] == before["signatures"]
        assert audit_seal.verify(again.database, again.home) == []


def test_a_head_outside_the_home_is_sealed_anew_and_the_one_before_is_kept(
    sqlite_home: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_home)
    write(sqlite_home, tmp_path / "a.medmm")
    (tmp_path / "heads").mkdir()
    monkeypatch.setenv("MEDMM_AUDIT_HEAD", str(tmp_path / "heads" / "head"))
    home = new_home(tmp_path / "new")
    with opened_again(home) as again, audit.audited(again.database, home) as session:
        audit.record(session, audit.event_by(ADA, "list"))
    before = (tmp_path / "heads" / "head").read_bytes()
    done = bring(home, tmp_path / "a.medmm", force=True)
    assert (Path(done.aside or "") / "head").read_bytes() == before
    with opened_again(home) as again:
        assert audit_seal.verify(again.database, home) == []


def test_a_backup_of_an_older_schema_comes_up_to_this_one(
    sqlite_home: Opened, tmp_path: Path, new_url: NewUrl
) -> None:
    from tests.records.backup_files import at_revision

    fill(sqlite_home)
    write(sqlite_home, tmp_path / "a.medmm")
    before = rows(sqlite_home.database)
    at_revision("0006", tmp_path / "a.medmm", tmp_path / "old.medmm", tmp_path)
    for kind in ("sqlite", "postgresql"):
        home = new_home(tmp_path / kind, new_url(kind))
        done = bring(home, tmp_path / "old.medmm")
        assert (done.manifest.revision, done.revision) == ("0006", migrations.head())
        with opened_again(home) as again:
            after = rows(again.database)
            assert after["signatures"] == before["signatures"]
            assert after["report_versions"] == before["report_versions"]
            assert integrity.check(again.database, home, hashes=True) == []


def test_nobody_but_who_may_restores(tmp_path: Path) -> None:
    from medmm.assembly import backups
    from medmm.errors import AccessError
    from medmm.records.access import By

    with pytest.raises(AccessError):
        backups.restore_home(tmp_path / "new", tmp_path / "a", by=By(machine(), "command"))
    assert not (tmp_path / "new").exists()
