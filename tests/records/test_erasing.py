"""Erasing a patient leaves a tombstone in the audit chain and nothing else anywhere in the home."""

import json
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from medmm.database import Base, Database
from medmm.errors import MedmmError, NotFoundError, StorageError, UsageError
from medmm.home import WRITING
from medmm.nouns import Series
from medmm.records import audit_seal, edits, integrity, reports, status_changes, studies
from medmm.records.erasing import extent, finish, patient_of_study
from medmm.records.erasing.files import listed
from medmm.records.erasing.rows import belongings, patient_tables
from medmm.records.erasing.tombstones import Erased, details
from medmm.records.tables import StudyRow
from tests.records.builders import draft, series, study
from tests.records.conftest import Opened
from tests.records.erasing_homes import (
    DRAFTED,
    FIRST,
    LATER,
    OTHER,
    OTHERS,
    QUILLA,
    SIGNED,
    UID,
    erase,
    fill,
    kept,
    quilla,
    rows,
    server_of,
    shared,
    traces,
    triggers,
    well,
)
from tests.records.signing_homes import events, raw, sign

# Tables that hold nothing of a patient. A new one comes here only if that is so; one that does
# refers to a patient's rows by foreign keys, and is taken in by them.
OF_NO_PATIENT = {
    "audit_events", "users", "sign_in_misses", "knowledge_documents", "knowledge_passages",
    "knowledge_vectors", "knowledge_revision", "sessions", "session_bindings", "alembic_version",
}  # fmt: skip
COPIED = (
    "patient_id", "patient_age", "date", "description", "accession", "search_text", "created",
)  # fmt: skip
# At least these; others are taken in by their foreign keys.
ERASED = {
    "report_search", "patients", "studies", "series", "reports", "report_versions",
    "report_statuses", "signatures", "addenda", "files", "unfinished_texts", "readings",
}  # fmt: skip


@pytest.fixture
def filled(opened: Opened) -> Opened:
    return fill(opened)


@pytest.fixture
def server(request: pytest.FixtureRequest, database_url: str) -> Path | None:
    return server_of(request, database_url)


def test_nothing_of_the_patient_is_left_in_any_byte(filled: Opened, server: Path | None) -> None:
    if server:
        with filled.database.write() as session:
            session.execute(text("ANALYZE"))
    assert {one.split(" in ")[0] for one in traces(filled, server)} >= {QUILLA.id, UID, "quagmire"}
    files, others, refusing = kept(filled.home), rows(filled, OTHER), triggers(filled)
    own = extent(filled.database, FIRST)
    # As a page's server has: while a connection is open, SQLite's log is not removed.
    other = Database(filled.database.url.render_as_string(hide_password=False))
    with other.read() as session:
        session.execute(text("SELECT count(*) FROM users"))
    outcome = erase(filled)
    assert (outcome.unfinished, outcome.look_at) == ((), ())
    assert outcome.erased == own
    assert traces(filled, server) == []
    other.close()
    assert not any(rows(filled, FIRST).values())
    # The other patient and the file that both had are as they were.
    assert rows(filled, OTHER) == others
    left = kept(filled.home)
    assert left.items() <= files.items()
    assert len(files) - len(left) == own.files == 4
    assert triggers(filled) == refusing
    assert listed(filled.home) == []
    well(filled)


def test_copies_that_moving_rows_between_pages_left_are_overwritten(sqlite_home: Opened) -> None:
    """Deleting overwrites a row, not what a page that was split keeps of it in a gap."""
    for one in (quilla(), study(shared())):
        studies.save_study(sqlite_home.database, sqlite_home.home, one)
    chance = random.Random(1)
    with sqlite_home.database.write() as session:
        first, other = (session.get_one(StudyRow, number) for number in (1, 2))
        for _ in range(2000):
            row = chance.choice((first, other))
            fields = {name: getattr(row, name) for name in COPIED}
            uid = f"{chance.randrange(10**6)}.{row.uid}.{chance.randrange(10**9)}"
            session.execute(insert(StudyRow).values(**fields, uid=uid))
    erase(sqlite_home)
    assert traces(sqlite_home) == []
    well(sqlite_home)


def test_what_would_go_is_told_before(filled: Opened) -> None:
    told = extent(filled.database, FIRST)
    assert (told.studies, told.reports, tuple(told.signed)) == ((1, 3), (1, 2), (SIGNED,))
    # Eight current series, one revision superseded; two versions of each report.
    assert (told.series, told.versions) == (9, 4)
    assert patient_of_study(filled.database, 3) == FIRST
    assert patient_of_study(filled.database, 2) == OTHER
    well(filled)


def test_the_tombstone_says_what_went_in_numbers(filled: Opened) -> None:
    before = events(filled)
    outcome = erase(filled)
    *earlier, last = events(filled)
    assert earlier == before
    assert last[:5] == ("ada", "admin", "erase", f"patient:{FIRST}", "ok")
    assert {key: last[5][key] for key in ("code", "study", "report", "series", "version")} == {
        "code": "GDPR-17", "study": "1,3", "report": "1-2", "series": 9, "version": 4,
    }  # fmt: skip
    assert last[5]["count"] == outcome.erased.files
    audit_seal.seal(filled.database, filled.home)
    assert audit_seal.verify(filled.database, filled.home) == []


def test_numbers_that_do_not_fit_into_one_event_are_told_in_several() -> None:
    reports_ = tuple(range(100_001, 100_400, 2))
    signed = {number: (f"{number:064x}",) for number in reports_}
    made = details(Erased(1, (7,), 3, reports_, 9, 4, 5, signed), "X")
    assert len(made) > 1
    assert all(len(str(value)) <= 200 for one in made for value in one.values())
    told = [int(part) for one in made for part in str(one["report"]).split(",")]
    assert told == list(reports_)
    assert [one["study"] for one in made] == ["7", *[""] * (len(made) - 1)]


def test_a_second_time_there_is_no_such_patient(filled: Opened) -> None:
    erase(filled)
    recorded = events(filled)
    for work in (lambda: erase(filled), lambda: extent(filled.database, FIRST)):
        with pytest.raises(NotFoundError, match="no such patient"):
            work()
    assert events(filled) == recorded
    assert patient_of_study(filled.database, 2) == OTHER
    well(filled)


def test_the_same_person_comes_back_under_new_numbers(filled: Opened) -> None:
    erase(filled, OTHER)
    erase(filled)
    saved = studies.save_study(filled.database, filled.home, quilla())
    assert (saved.study_id, saved.new) == (4, True)
    assert patient_of_study(filled.database, 4) == 3
    made = reports.save_draft(filled.database, filled.home, 4, draft(UID))
    assert made.report_id == 4
    sign(filled, 4)
    well(filled)


def test_every_table_is_erased_or_known_to_hold_nothing_of_a_patient(opened: Opened) -> None:
    with opened.database.read() as session:
        found = set(patient_tables(session))
        names = session.scalars(
            text(
                "SELECT name FROM sqlite_master WHERE type = 'table' "
                "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'report_search_%'"
                if opened.database.dialect == "sqlite"
                else "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            )
        )
        there = set(names)
    assert found >= ERASED
    assert not found & OF_NO_PATIENT
    unknown = (there | set(Base.metadata.tables)) - found - OF_NO_PATIENT
    assert not unknown, f"{unknown}: refer to a patient's row by a foreign key, or are of none"


def test_a_later_table_is_taken_in_by_its_foreign_key(filled: Opened) -> None:
    with filled.database.write() as session:
        session.execute(
            text(
                "CREATE TABLE report_drafts (report_id INTEGER NOT NULL REFERENCES reports (id), "
                "author TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (report_id, author))"
            )
        )
        for report, words in ((DRAFTED, "half a quagmire"), (OTHERS, "half a text")):
            session.execute(
                text("INSERT INTO report_drafts VALUES (:report, 'rex', :words)"),
                {"report": report, "words": words},
            )
    erase(filled)
    with filled.database.read() as session:
        assert session.scalars(text("SELECT words FROM report_drafts")).all() == ["half a text"]


def test_rows_that_cannot_be_followed_refuse_the_erasing(filled: Opened) -> None:
    with filled.database.write() as session:
        session.execute(text("CREATE UNIQUE INDEX pair ON reports (id, study_id)"))
        session.execute(
            text(
                "CREATE TABLE odd (a INTEGER, b INTEGER, "
                "FOREIGN KEY (a, b) REFERENCES reports (id, study_id))"
            )
        )
    with pytest.raises(MedmmError, match="several columns"):
        erase(filled)
    assert rows_of(filled, "patients") == 2


def rows_of(opened: Opened, name: str) -> int:
    with opened.database.read() as session:
        return session.scalar(text(f"SELECT count(*) FROM {name}")) or 0


REMOVED = (
    "DELETE FROM signatures WHERE report_id = {}",
    "DELETE FROM report_statuses WHERE report_id = {} AND status = 'final'",
    "DELETE FROM addenda WHERE report_id = {}",
)


def test_a_signature_that_was_removed_by_hand_is_found_after_an_erasing(filled: Opened) -> None:
    erase(filled)
    raw(filled, REMOVED[0].format(OTHERS))
    told = integrity.check(filled.database, filled.home)
    assert f"Report {OTHERS} lacks a signature that the audit trail has." in told
    assert not any(f"eport {SIGNED} " in one for one in told)


@pytest.mark.parametrize("statement", [REMOVED[0], REMOVED[2]])
def test_erasing_does_not_cover_up_a_signature_removed_before(
    filled: Opened, statement: str
) -> None:
    raw(filled, statement.format(SIGNED))
    erase(filled)
    told = integrity.check(filled.database, filled.home)
    assert f"With patient:{FIRST} other signatures were erased than the audit trail has." in told
    assert f"Report {SIGNED} lacks a signature that the audit trail has." in told


def test_rows_of_an_erased_report_that_come_back_are_found(filled: Opened) -> None:
    erase(filled)
    raw(
        filled,
        f"INSERT INTO reports (id, study_id, status, created) VALUES ({SIGNED}, 2, 'draft', "
        "'2024-01-01 00:00:00+00:00')",
    )
    told = integrity.check(filled.database, filled.home)
    assert f"Report {SIGNED} was signed, and the signature is missing." in told


def test_a_tombstone_that_was_changed_is_found(filled: Opened) -> None:
    erase(filled)
    audit_seal.seal(filled.database, filled.home)
    raw(filled, "UPDATE audit_events SET thing = 'patient:2' WHERE action = 'erase'")
    assert any("was changed" in one for one in integrity.check(filled.database, filled.home))


def test_what_is_immutable_is_so_again_also_after_a_failure(filled: Opened) -> None:
    refusing, files = triggers(filled), kept(filled.home)
    before = rows(filled, FIRST)
    copy = filled.home.path / "quarantine" / "1.dcm"
    copy.write_text(UID)

    def fail(_: Session, __: Erased) -> None:
        raise StorageError("The event cannot be written.")

    with pytest.raises(StorageError):
        erase(filled, also=fail)
    assert (triggers(filled), rows(filled, FIRST), kept(filled.home)) == (refusing, before, files)
    assert (listed(filled.home), copy.exists()) == ([], True)
    erase(filled)
    assert triggers(filled) == refusing
    for name in ("report_versions", "signatures", "report_statuses"):
        with pytest.raises(MedmmError), filled.database.write() as session:
            session.execute(text(f"DELETE FROM {name}"))
    well(filled)


def test_a_list_that_was_changed_by_hand_removes_nothing_and_is_told(filled: Opened) -> None:
    outside = filled.home.path.parent / "precious"
    outside.write_text("x")
    path = filled.home.path / "erasing-9.json"
    for files in (["pixels/../../precious"], ["../precious"], [str(outside)], ["medmm.db"], 7):
        document = {"format": "medmm.erasing.1", "patient": 9, "files": files}
        path.write_text(json.dumps(document))
        [told] = finish(filled.database, filled.home)
        assert "cannot be understood" in told
    path.write_text("{")
    assert "cannot be understood" in finish(filled.database, filled.home)[0]
    assert any("erasing-9.json" in one for one in integrity.check(filled.database, filled.home))
    assert outside.exists()


def test_while_somebody_writes_files_they_are_left_to_the_next(filled: Opened) -> None:
    files = kept(filled.home)
    path = filled.home.path / "erasing-9.json"
    name = next(iter(filled.home.pixels.folder.iterdir())).name
    path.write_text(
        json.dumps({"format": "medmm.erasing.1", "patient": 9, "files": [f"pixels/{name}"]})
    )
    with filled.home.lock(WRITING, shared=True):
        [told] = finish(filled.database, filled.home)
    assert "waits" in told
    assert path.exists()
    assert finish(filled.database, filled.home) == []
    # A row names the file, so it stays whatever a list says.
    assert (path.exists(), kept(filled.home)) == (False, files)


def test_what_killed_writers_left_goes_with_the_patient(filled: Opened) -> None:
    strays = [filled.home.pixels.folder / "tmpx.part", filled.home.pixels.folder / f"{0:064}.npy"]
    for path in strays:
        path.write_bytes(b"half")
    erase(filled)
    assert not any(path.exists() for path in strays)
    well(filled)


def test_copies_in_other_folders_go_or_are_told(filled: Opened) -> None:
    folder = filled.home.path / "quarantine" / "peer"
    folder.mkdir()
    (folder / "1.dcm").write_bytes(b"\0" * 200 + UID.encode() + b"\0")
    (folder / f"{LATER}.dcm").write_bytes(b"")
    (folder / "other.dcm").write_bytes(b"1.2.3")
    (filled.home.path / "cache" / "x").write_bytes(QUILLA.name.encode())
    (filled.home.path / "runs" / "notes").write_bytes(QUILLA.id.encode())
    outcome = erase(filled)
    assert sorted(path.name for path in folder.iterdir()) == ["other.dcm"]
    assert list((filled.home.path / "cache").iterdir()) == []
    [told] = outcome.look_at
    assert told.endswith("runs/notes names the patient.")
    assert (filled.home.path / "runs" / "notes").exists()


BAD_REASONS = (
    "", " ", "x" * 41, "naïve", "a\nb", "a;b", "-x", "zyxworth asked", "CANARY-90417", "Quilla",
    "ACCQ7781", "born 1937",
)  # fmt: skip


@pytest.mark.parametrize("reason", BAD_REASONS)
def test_a_reason_that_could_name_somebody_is_refused(sqlite_home: Opened, reason: str) -> None:
    studies.save_study(sqlite_home.database, sqlite_home.home, quilla())
    with pytest.raises(UsageError) as told:
        erase(sqlite_home, reason=reason)
    assert not reason.strip() or reason not in str(told.value)
    assert rows_of(sqlite_home, "patients") == 1


# Who works on the patient's things at the same moment.


def met(opened: Opened, thread: threading.Thread) -> None:
    """Until the thread waits for a lock, or is done; SQLite does not tell who waits."""
    if opened.database.dialect == "sqlite":
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while thread.is_alive():
        with opened.database.read() as session:
            if session.scalar(waiting):
                return


def late(opened: Opened, work: Callable[[], object]) -> list[MedmmError]:
    """Erase, and have ``work`` done in another thread once rows are deleted and not committed."""
    raised: list[MedmmError] = []

    def other() -> None:
        try:
            work()
        except MedmmError as error:
            raised.append(error)

    thread = threading.Thread(target=other)

    def step(name: str) -> None:
        if name == "deleted":
            thread.start()
            met(opened, thread)

    erase(opened, progress=step)
    thread.join()
    return raised


WORDS = "[s1] The lung is a quadrille.\n[s2] No quagmire at all.\n"
WORKS: dict[str, Callable[[Opened], object]] = {
    "edit": lambda opened: edits.edit_report(
        opened.database, opened.home, DRAFTED, WORDS, author="rex", based_on=2
    ),
    "hand_on": lambda opened: status_changes.hand_on(opened.database, DRAFTED, author="rex"),
    "sign": lambda opened: sign(opened, DRAFTED),
}


@pytest.mark.parametrize("work", WORKS)
def test_who_edits_or_signs_meanwhile_finds_no_report(filled: Opened, work: str) -> None:
    [told] = late(filled, lambda: WORKS[work](filled))
    assert isinstance(told, NotFoundError)
    assert rows_of(filled, "reports") == 1
    well(filled)


def test_a_draft_of_the_patient_is_refused_meanwhile(filled: Opened) -> None:
    def work() -> None:
        reports.save_draft(filled.database, filled.home, 1, draft(UID, ("A quagmire.",)))

    [told] = late(filled, work)
    assert "quagmire" not in str(told)
    assert rows_of(filled, "reports") == 1
    well(filled)


def test_a_draft_recorded_just_before_is_erased_with_the_patient(filled: Opened) -> None:
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(erase(filled)))

    def begin(_: Session, __: int) -> None:
        # The report is written and not committed.
        thread.start()
        met(filled, thread)

    made = draft(UID, ("A quagmire.",))
    reports.save_draft(filled.database, filled.home, 1, made, also=begin)
    thread.join()
    assert outcomes[0].erased.reports == (1, 2, 4)
    assert traces(filled) == []
    assert rows_of(filled, "reports") == 1
    well(filled)


def test_an_ingest_of_the_patient_meanwhile_is_a_new_patient(filled: Opened) -> None:
    saved: list[Any] = []

    def work() -> None:
        saved.append(studies.save_study(filled.database, filled.home, quilla()))

    assert late(filled, work) == []
    assert (saved[0].study_id, saved[0].new) == (4, True)
    assert patient_of_study(filled.database, 4) == 3
    well(filled)


def test_a_file_that_an_ingest_found_on_the_disk_is_not_taken_from_it(opened: Opened) -> None:
    """Another patient's study finds a file of the erased one, and names it after the deletion."""
    studies.save_study(opened.database, opened.home, quilla())
    waiting = threading.Event()
    outcomes: list[Any] = []

    def step(name: str) -> None:
        if name == "waiting for who is writing files":
            waiting.set()

    thread = threading.Thread(target=lambda: outcomes.append(erase(opened, progress=step)))

    def load() -> Any:
        # The first series is on the disk by now, and no row but the erased patient's names it.
        thread.start()
        assert waiting.wait(60)
        with opened.home.try_lock(WRITING) as free:
            assert not free
        return series(seed=9).load()

    second: Series = replace(series("1.2.3.7", 6), load=load)
    studies.save_study(opened.database, opened.home, study(shared(), second))
    thread.join()
    assert outcomes[0].unfinished == ()
    assert traces(opened) == []
    assert rows_of(opened, "studies") == 1
    well(opened)


def test_a_reader_of_an_older_state_is_waited_for_by_the_next(filled: Opened) -> None:
    """What others still read cannot be overwritten; it is told, and done once they are gone."""
    other = Database(filled.database.url.render_as_string(hide_password=False))
    with other.read() as session:
        session.execute(text("SELECT count(*) FROM users"))
        # Not to be waited for: a table's lock, and SQLite's log.
        outcome = erase_with_patience(filled, 0.01)
    other.close()
    assert len(outcome.unfinished) == 1
    assert listed(filled.home)
    assert finish(filled.database, filled.home) == []
    well(filled)


def erase_with_patience(opened: Opened, seconds: float) -> Any:
    from medmm.records.erasing import scrubbing

    before = scrubbing.WAIT_MS
    scrubbing.WAIT_MS = int(seconds * 1000)
    try:
        return erase(opened)
    finally:
        scrubbing.WAIT_MS = before


def test_what_belongs_to_a_patient_does_not_reach_another(filled: Opened) -> None:
    with filled.database.read() as session:
        first, other = (belongings(session, number) for number in (FIRST, OTHER))
    for key, values in first.values.items():
        assert not values & other.values[key]
