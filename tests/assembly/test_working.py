"""Jobs done for real: in the hands of who asked, once, whatever process is killed meanwhile."""

import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from medmm.assembly import job_process, job_work, starting, upload_folders, working
from medmm.assembly.homes import OpenHome
from medmm.assembly.job_process import Order
from medmm.assembly.starting import DraftWish
from medmm.assembly.working import Worker
from medmm.database import Database
from medmm.errors import AccessError, InputError, MedmmError, NotFoundError
from medmm.home import Home
from medmm.nouns import Patient, Study
from medmm.records import jobs, reports, studies, users
from medmm.records.access import Actor, By
from medmm.records.audit_tables import AuditRow
from medmm.records.jobs import Claim
from medmm.records.tables import ReportRow, StudyRow
from medmm.records.users import NewUser
from tests.records.builders import numbered_study, refused_series, series, study
from tests.records.conftest import (  # noqa: F401  # fixtures, found by name
    Opened,
    database_url,
    empty,
    opened,
    postgres_admin,
    schema_url,
    sqlite_home,
)
from tests.records.test_users import QUICK

GOOD = "a quiet lung is good"
QUICKLY = 0.02
PATIENT = Patient("MR-4711", "DOE^JANE", "F", "1961-02-03")


def made(home: Opened) -> OpenHome:
    """A home with people and two studies."""
    for name, role in {"sam": "signer", "rita": "reader", "ada": "admin"}.items():
        users.add_user(home.database, NewUser(name, role, GOOD), hasher=QUICK)
    for number in (1, 2):
        studies.save_study(home.database, home.home, numbered_study(number))
    return OpenHome(home.home, home.database)


@pytest.fixture
def house(opened: Opened) -> OpenHome:  # noqa: F811
    return made(opened)


@pytest.fixture
def small_house(sqlite_home: Opened) -> OpenHome:  # noqa: F811
    return made(sqlite_home)


def hands(home: OpenHome, name: str = "sam", role: str = "signer") -> OpenHome:
    return home.acting(By(Actor(name, role, "person"), "192.0.2.1"))


def claimed(home: OpenHome) -> Claim:
    found = jobs.claim(home.database, "w")
    assert found is not None
    return found


def until(there: Callable[[], Any], seconds: float = 120) -> Any:
    """What is there as soon as it is; looked at again and again."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        found = there()
        if found:
            return found
        pause.wait(QUICKLY)
    raise AssertionError("it did not come")


def ended(home: OpenHome, number: int) -> jobs.Job:
    def look() -> jobs.Job | None:
        job = jobs.find(home.database, number)
        return job if job.status not in jobs.ACTIVE else None

    found: jobs.Job = until(look)
    return found


def count(home: OpenHome, row: Any = ReportRow) -> int:
    with home.database.read() as session:
        return session.scalar(select(func.count(row.id))) or 0


def events(home: OpenHome, action: str) -> list[tuple[str, str, dict[str, Any]]]:
    wanted = select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.sequence)
    with home.database.read() as session:
        return [(row.actor, row.outcome, json.loads(row.detail)) for row in session.scalars(wanted)]


def draft_job(home: OpenHome, number: int = 1, **wish: Any) -> int:
    job: int = starting.start_draft(hands(home), number, DraftWish(**wish))["id"]
    return job


def children() -> list[int]:
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for path in found for pid in path.read_text().split()]


def test_a_draft_is_made_by_a_process_in_the_hands_of_who_asked(house: OpenHome) -> None:
    number = draft_job(house, indication="cough")
    with Worker(house, QUICKLY).running():
        job = ended(house, number)
    assert (job.status, job.error, job.report_id) == ("done", "", 1)
    document = reports.load_report(house.database, 1).last.document
    assert any("ough" in one["text"] for one in document["sections"][0]["statements"])
    asked, made_it = events(house, "draft")
    assert asked == ("sam", "ok", {"code": "asked"})
    assert made_it[0] == "sam"
    assert not list((house.path / "cache" / "jobs").iterdir())
    assert not list(house.path.glob(".worker-*"))


def test_two_workers_share_the_jobs_and_double_none(house: OpenHome) -> None:
    url = house.database.url.render_as_string(hide_password=False)
    other = Database(url)
    numbers = [draft_job(house, 1), draft_job(house, 2)]
    with (
        Worker(house, QUICKLY).running(),
        Worker(OpenHome(house.home, other), QUICKLY).running(),
    ):
        assert {ended(house, number).status for number in numbers} == {"done"}
    other.close()
    assert count(house) == 2
    assert {job.attempts for job in jobs.listed(house.database)} == {1}


def test_a_stopped_worker_leaves_its_job_to_the_next(small_house: OpenHome) -> None:
    number = draft_job(small_house)
    with Worker(small_house, QUICKLY).running():
        until(lambda: jobs.find(small_house.database, number).status == "running")
    assert jobs.find(small_house.database, number).status == "waiting"
    with Worker(small_house, QUICKLY).running():
        assert ended(small_house, number).status == "done"
    assert count(small_house) == 1


def test_a_cancelled_job_ends_its_process_and_records_nothing(small_house: OpenHome) -> None:
    number = draft_job(small_house)
    with Worker(small_house, QUICKLY).running():
        until(lambda: jobs.find(small_house.database, number).status == "running")
        until(children)
        starting.cancel_job(hands(small_house), number)
        until(lambda: not children())
        second = draft_job(small_house)
        assert ended(small_house, second).status == "done"
    assert jobs.find(small_house.database, number).status == "cancelled"
    assert count(small_house) == 1
    assert ("sam", "ok", {"code": "cancelled"}) in events(small_house, "draft")


def test_a_process_that_the_system_kills_fails_its_job_in_words(small_house: OpenHome) -> None:
    number = draft_job(small_house)
    with Worker(small_house, QUICKLY).running():
        [pid] = until(children)
        os.kill(pid, signal.SIGKILL)
        job = ended(small_house, number)
    assert job.status == "failed"
    assert "memory" in job.error
    assert count(small_house) == 0


def test_a_process_ends_with_its_server_at_once(small_house: OpenHome, tmp_path: Path) -> None:
    draft_job(small_house)
    one = claimed(small_house)
    process = working._begun(small_house, one, tmp_path)
    # It has read its order, and works.
    until(lambda: jobs.find(small_house.database, one.job.id).progress != "starting")
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == job_process.ORPHAN
    assert jobs.held(small_house.database, one)
    assert count(small_house) == 0


def test_a_disabled_users_waiting_job_is_refused(small_house: OpenHome) -> None:
    number = draft_job(small_house)
    users.disable_user(small_house.database, "sam")
    with pytest.raises(AccessError, match="sam may not"):
        job_work.perform(small_house, claimed(small_house))
    assert count(small_house) == 0
    assert jobs.find(small_house.database, number).status == "running"


def test_rights_are_asked_again_when_a_job_runs(small_house: OpenHome) -> None:
    draft_job(small_house)
    users.change_role(small_house.database, "sam", "reader")
    with pytest.raises(AccessError):
        job_work.perform(small_house, claimed(small_house))
    assert count(small_house) == 0
    assert events(small_house, "draft")[-1][:2] == ("sam", "denied")


@pytest.mark.parametrize("role", ["reader", "admin"])
def test_who_may_not_draft_starts_no_draft(small_house: OpenHome, role: str) -> None:
    name = {"reader": "rita", "admin": "ada"}[role]
    with pytest.raises(AccessError):
        starting.start_draft(hands(small_house, name, role), 1, DraftWish())
    assert jobs.listed(small_house.database) == []
    assert events(small_house, "draft") == [(name, "denied", {})]


def test_jobs_are_seen_and_cancelled_by_their_owner_and_an_admin(small_house: OpenHome) -> None:
    number = draft_job(small_house)
    rita = hands(small_house, "rita", "reader")
    assert starting.shown_jobs(rita) == []
    with pytest.raises(AccessError):
        starting.cancel_job(rita, number)
    with pytest.raises(AccessError):
        starting.shown_results(rita, number)
    ada = hands(small_house, "ada", "admin")
    assert [job["id"] for job in starting.shown_jobs(ada)] == [number]
    assert starting.cancel_job(ada, number)["status"] == "cancelled"


@pytest.mark.parametrize(
    "wish",
    [
        {"writer": "nobody"}, {"experts": ("nobody",)}, {"experts": ()}, {"prior": 2},
        {"prior": 1}, {"indication": "w" * 4001},
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_met_waits_for_nothing(small_house: OpenHome, wish: Any) -> None:
    with pytest.raises(InputError):
        draft_job(small_house, **wish)
    assert jobs.listed(small_house.database) == []


def dated(uid: str, date: str, modality: str = "CT", part: str = "CHEST") -> Study:
    one = study(series(f"{uid}.1", 3, modality=modality, body_part=part), patient=PATIENT, uid=uid)
    return replace(
        one,
        date=date,
        series=tuple(replace(it, origin=replace(it.origin, date=date)) for it in one.series),
    )


def test_the_automatic_prior_is_the_newest_earlier_one_of_its_kind(small_house: OpenHome) -> None:
    given = {
        "old": dated("1.3.1", "2020-01-01"),
        "near": dated("1.3.2", "2023-01-01"),
        "later": dated("1.3.3", "2026-01-01"),
        "head": dated("1.3.4", "2024-01-01", part="HEAD"),
        "film": dated("1.3.5", "2024-02-01", modality="DX"),
        "bare": dated("1.3.6", ""),
        "this": dated("1.3.7", "2025-01-01"),
    }
    number = {
        name: studies.save_study(small_house.database, small_house.home, one).study_id
        for name, one in given.items()
    }

    def prior(name: str) -> int | None:
        loaded = studies.load_study(small_house.database, small_house.home, number[name])
        return job_work.automatic_prior(small_house, loaded)

    assert prior("this") == number["near"]
    assert prior("near") == number["old"]
    assert prior("old") is None
    assert prior("bare") is None
    assert prior("film") is None
    draft_job(small_house, number["this"], prior="automatic", knowledge=False)
    job_work.perform(small_house, claimed(small_house))
    document = reports.load_report(small_house.database, 1).last.document
    told = " ".join(one["text"] for one in document["sections"][2]["statements"])
    assert "1 January 2023" in told


# Taking in.


def uploaded(home: OpenHome, *files: tuple[str, bytes]) -> tuple[int, Path]:
    """A job of files, as the route leaves them."""
    with upload_folders.filling(home.home) as folder:
        for number, (name, data) in enumerate(files, start=1):
            (folder / upload_folders.kept_name(number, name)).write_bytes(data)
        job = starting.start_upload(hands(home), folder, len(files))
    return job["id"], folder


def zipped(path: Path, folder: Path, **more: bytes) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.name)
        for name, data in more.items():
            archive.writestr(name, data)
    return path.read_bytes()


def test_a_zip_is_taken_in_with_a_verdict_for_each_series(
    small_house: OpenHome, small_study: Path, tmp_path: Path
) -> None:
    data = zipped(tmp_path / "s.zip", small_study, **{"DOE_JANE.txt": b"a letter"})
    number, folder = uploaded(small_house, ("DOE^JANE.zip", data))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["00001.zip"]
    job_work.perform(small_house, claimed(small_house))
    shown = starting.shown_results(hands(small_house), number)
    assert shown["status"] == "done"
    [one] = shown["studies"]
    assert one["new"]
    assert {it["verdict"] for it in one["series"]} == {"usable"}
    assert "1 file skipped (1 × a text file)" in shown["progress"]
    assert "DOE" not in json.dumps(shown)
    upload_folders.sweep(small_house)
    assert not folder.exists()
    # The same again changes nothing, and says so.
    again, _ = uploaded(small_house, ("x.zip", data))
    job_work.perform(small_house, claimed(small_house))
    assert not starting.shown_results(hands(small_house), again)["studies"][0]["new"]
    assert count(small_house, StudyRow) == 3


def refused_upload(home: OpenHome, *files: tuple[str, bytes]) -> str:
    uploaded(home, *files)
    with pytest.raises(MedmmError) as told:
        job_work.perform(home, claimed(home))
    assert str(home.path) not in str(told.value)
    assert count(home, StudyRow) == 2
    return str(told.value)


def test_a_zip_that_would_fill_the_disk_is_refused(small_house: OpenHome, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", bytes(64 * 2**20))
    data = (tmp_path / "b.zip").read_bytes()
    assert len(data) < 2**17
    assert "inflates" in refused_upload(small_house, ("b.zip", data))


@pytest.mark.parametrize("name", ["../../../out.dcm", "/tmp/medmm-out.dcm", "..\\out.dcm"])
def test_a_member_that_leads_out_of_its_zip_stays_inside(
    small_house: OpenHome, tmp_path: Path, name: str
) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr(name, b"DICM")
    before = set(small_house.path.parent.rglob("*out.dcm"))
    refused_upload(small_house, ("t.zip", (tmp_path / "t.zip").read_bytes()))
    assert set(small_house.path.parent.rglob("*out.dcm")) == before
    assert not Path("/tmp/medmm-out.dcm").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("DOE^JANE.dcm", "00007.dcm"), ("../../etc/passwd", "00007"), ("a/b/IM0001", "00007"),
        ("x.nii.gz", "00007.nii.gz"), ("C:\\x\\y.ZIP", "00007.zip"), ("x.DOE^JANE", "00007"),
        ("1.2.840.113619", "00007.113619"), ("", "00007"), ("a.\u202egnp", "00007"),
    ],
)  # fmt: skip
def test_nothing_but_the_kind_of_a_name_is_kept(given: str, kept: str) -> None:
    assert upload_folders.kept_name(7, given) == kept


def test_folders_that_a_killed_server_left_are_swept_and_others_are_not(
    small_house: OpenHome,
) -> None:
    _, waiting = uploaded(small_house, ("a.dcm", b"x"))
    stray = waiting.parent / ("0" * 32)
    stray.mkdir()
    with upload_folders.filling(small_house.home) as half:
        upload_folders.sweep(small_house)
        assert half.exists()
        assert stray.exists()
    upload_folders.sweep(small_house)
    assert waiting.exists()
    assert not stray.exists()
    assert not half.exists()


def test_an_upload_whose_files_are_gone_says_so(small_house: OpenHome) -> None:
    _, folder = uploaded(small_house, ("a.dcm", b"x"))
    (folder / "00001.dcm").unlink()
    folder.rmdir()
    with pytest.raises(NotFoundError, match="Upload them again"):
        job_work.perform(small_house, claimed(small_house))


@pytest.fixture
def shared(small_house: OpenHome, small_study: Path, tmp_path: Path) -> OpenHome:
    """A home whose admin allows a folder in which a study lies, beside links and another."""
    root = tmp_path / "incoming"
    root.mkdir()
    (root / "chest").symlink_to(small_study)
    (root / "real").mkdir()
    for path in sorted(small_study.rglob("*.dcm"))[:12] or sorted(small_study.iterdir())[:12]:
        (root / "real" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "secret").mkdir()
    settings = small_house.home.settings.model_copy(update={"ingest_folders": (root,)})
    return replace(small_house, home=Home(small_house.path, settings))


def test_a_folder_that_an_admin_allows_is_taken_in(shared: OpenHome) -> None:
    number = starting.start_folder(hands(shared), 0, "real")["id"]
    job_work.perform(shared, claimed(shared))
    job = jobs.find(shared.database, number)
    assert (job.status, job.asked) == ("done", {})
    assert count(shared, StudyRow) == 3


@pytest.mark.parametrize(
    ("root", "inside"),
    [
        (0, "../secret"), (0, "real/../../secret"), (0, "/etc"), (0, "chest"), (1, ""), (-1, ""),
        (0, "real\\..\\.."), (0, "a\0b"),
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_allowed_folders(shared: OpenHome, root: int, inside: str) -> None:
    with pytest.raises(AccessError):
        starting.start_folder(hands(shared), root, inside)
    assert jobs.listed(shared.database) == []


def test_a_folder_that_became_a_link_while_it_waited_is_refused(shared: OpenHome) -> None:
    starting.start_folder(hands(shared), 0, "real")
    root = shared.home.settings.ingest_folders[0]
    (root / "real").rename(root / "moved")
    (root / "real").symlink_to(root.parent / "secret")
    with pytest.raises(AccessError, match="link"):
        job_work.perform(shared, claimed(shared))


def test_no_folder_of_the_server_is_allowed_unless_an_admin_names_it(
    small_house: OpenHome,
) -> None:
    with pytest.raises(AccessError):
        starting.start_folder(hands(small_house), 0, "")


def test_a_study_with_refused_series_is_told_series_by_series(small_house: OpenHome) -> None:
    saved = studies.save_study(
        small_house.database, small_house.home, study(series(), refused_series())
    )
    told = job_work._told(study(series(), refused_series()), saved, [])
    assert [one["verdict"] for one in told["series"]] == ["usable", "refused"]
    assert told["series"][1]["sentence"]


def test_an_order_is_read_as_it_was_written() -> None:
    order = Order("/home", "sqlite:///x", 3, "ab")
    assert Order.read(order.line()) == order
