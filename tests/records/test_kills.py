"""A process that is killed at any moment loses nothing that it had acknowledged."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select

from medmm import home as home_module
from medmm.database import Database
from medmm.home import file_sha256
from medmm.records import audit, integrity, migrations, reports, studies
from medmm.records.audit_tables import AuditRow
from medmm.records.triggers import trigger_problems
from rag import integrity as knowledge
from tests.conftest import Medmm
from tests.records import ledger
from tests.records.conftest import Opened
from tests.records.deeds import DEEDS, Doer, do_round
from tests.records.killing import REPOSITORY, Killed, Parent, Tally

# 20 on SQLite in the ordinary suite, a quarter as many on PostgreSQL; `make crash` makes it 200.
KILLS = int(os.environ.get("MEDMM_TEST_KILLS", "20"))
SEED = int(os.environ.get("MEDMM_TEST_SEED", "7"))
ACTIONS = {
    "add_document": "add_knowledge",
    "replace_document": "add_knowledge",
    "remove_document": "remove_knowledge",
    "change_role": "change_user",
    "disable_user": "change_user",
    "enable_user": "change_user",
}
LONGEST_DEED = 0.012
LONGEST_UPGRADE = 0.08
DISCS = 3


def shares(kills: int) -> tuple[int, int, int]:
    """How many kills are in deeds, in upgrades and in the command that ingests."""
    upgrades, ingests = max(1, kills // 7), max(1, kills // 10)
    return kills - upgrades - ingests, upgrades, ingests


@contextmanager
def named_seed(chance_seed: int) -> Iterator[random.Random]:
    """A source of chance; a failure names its seed."""
    try:
        yield random.Random(chance_seed)
    except BaseException:
        sys.stdout.write(f"seed {chance_seed}: MEDMM_TEST_SEED={chance_seed} repeats it\n")
        raise


def whole(opened: Opened) -> None:
    """Nothing is damaged, data and events have each other, and the next seal goes on."""
    assert integrity.check(opened.database, opened.home, hashes=True) == []
    assert knowledge.problems(opened.database) == []
    assert ledger.told(opened.database) == []
    sealed = audit.seal(opened.database, opened.home)
    assert sealed.sequence == last_event(opened.database)
    assert audit.verify(opened.database, opened.home) == []
    for store in (opened.home.pixels, opened.home.files):
        for path in store.folder.iterdir():
            if path.suffix != ".part":
                assert file_sha256(path) == path.name.partition(".")[0]


def recorded(database: Database, after: int) -> Counter[tuple[str, str]]:
    """What was recorded as done after an event, by action and thing."""
    wanted = select(AuditRow.action, AuditRow.thing).where(
        AuditRow.sequence > after, AuditRow.outcome == "ok"
    )
    with database.read() as session:
        return Counter((action, thing) for action, thing in session.execute(wanted))


def last_event(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.max(AuditRow.sequence))) or 0


def acknowledged_is_there(killed: Killed, found: Counter[tuple[str, str]]) -> None:
    """Each acknowledged write has its event; besides these at most the one that was underway."""
    expected = Counter((ACTIONS.get(deed, deed), thing) for deed, thing in killed.done)
    assert expected - found == Counter()
    beyond = found - expected
    assert beyond.total() <= 1
    assert {action for action, _ in beyond} <= {ACTIONS.get(killed.underway, killed.underway)}


def kill_in_deeds(opened: Opened, rounds: int, chance: random.Random, tally: Tally) -> None:
    """Kill a child in each kind of deed in turn, and look at everything after each."""
    migrations.ensure(opened.database, opened.home)
    Doer(opened.home, opened.database, 0).add_signer()
    kinds = list(DEEDS)
    chance.shuffle(kinds)
    with Parent(opened.home.path, opened.database.url.render_as_string(False)) as parent:
        for turn in range(rounds):
            before, event = ledger.facts(opened.database), last_event(opened.database)
            deed = kinds[turn % len(kinds)]
            killed = parent.kill_in(
                f"work {1 + turn * 1000}",
                deed,
                chance.randrange(1, 3),
                chance.uniform(0, LONGEST_DEED),
            )
            tally.count(killed, "deeds")
            whole(opened)
            assert ledger.lost(before, ledger.facts(opened.database), underway=True) == []
            acknowledged_is_there(killed, recorded(opened.database, event))


def kill_in_upgrades(
    folder: Path, url: str, rounds: int, chance: random.Random, tally: Tally
) -> None:
    """Kill a child that upgrades a home with rows from each earlier revision in turn."""
    earlier = migrations.revisions()[:-1]
    for turn in range(rounds):
        with home_anew(folder / f"upgrade{turn}", url) as opened:
            doer = Doer(opened.home, opened.database, 1)
            doer.add_signer()
            do_round(doer)
            revision = earlier[-1 - turn % len(earlier)]
            migrations.downgrade(opened.database, opened.home, revision)
            before = ledger.dump(opened.database)
            target = opened.database.url.render_as_string(False)
            with Parent(opened.home.path, target) as parent:
                seconds = chance.uniform(0, LONGEST_UPGRADE)
                killed = parent.kill_in("upgrade", "upgrade", 1, seconds)
            tally.count(killed, "upgrades")
            now = migrations.current(opened.database)
            assert now in ({migrations.head()} if killed.done else {revision, migrations.head()})
            migrations.upgrade(opened.database, opened.home)
            assert ledger.common(ledger.dump(opened.database), before) == before
            assert migrations.differences(opened.database) == []
            with opened.database.read() as session:
                assert list(trigger_problems(session)) == []


@contextmanager
def home_anew(folder: Path, url: str) -> Iterator[Opened]:
    """A new home whose database is ready and empty, whatever was in it before."""
    home = home_module.prepare(folder)
    database = Database(url or home.database_url)
    try:
        if migrations.current(database) is not None:
            migrations.downgrade(database, home, "base")
            migrations.upgrade(database, home)
        migrations.ensure(database, home)
        yield Opened(home, database)
    finally:
        database.close()


def kill_in_ingests(
    folder: Path, url: str, discs: Path, rounds: int, chance: random.Random, tally: Tally
) -> None:
    """Kill the command that ingests, then run it again to its end."""
    for turn in range(rounds):
        with home_anew(folder / f"ingest{turn}", url) as opened:
            command = Medmm(opened.home.path)
            environment = os.environ | ({"MEDMM_DATABASE_URL": url} if url else {})
            killed = killed_ingest(command, discs, environment, chance)
            tally.count(killed, "ingests")
            whole(opened)
            there = {one.uid for one in studies.list_studies(opened.database)}
            assert len(killed.done) <= len(there) <= len(killed.done) + 1
            again = command.json("ingest", discs, env=environment)
            whole(opened)
            found = [one.uid for one in studies.list_studies(opened.database)]
            assert sorted(found) == sorted(one["study_uid"] for one in again["studies"])
            assert len(found) == DISCS
            assert there <= set(found)


def killed_ingest(
    command: Medmm, discs: Path, environment: dict[str, str], chance: random.Random
) -> Killed:
    """What the command acknowledged: before it stores a study, it says that the last is stored."""
    heard = Killed()
    first, seconds = chance.randrange(1, DISCS + 1), chance.uniform(0, LONGEST_DEED)
    with subprocess.Popen(
        command.command("ingest", discs, "-v"),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(1 + first)]
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        lines += process.stderr.readlines()
    assert process.returncode in (-signal.SIGKILL, 0), "".join(lines)
    for line in lines:
        match line.split():
            case ["storing", "study", number, "of", _]:
                if int(number) > 1:
                    heard.hear(f"done ingest study:{int(number) - 1}")
                heard.hear("begin ingest")
    if process.returncode == 0:
        heard.hear(f"done ingest study:{DISCS}")
    return heard


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small CT studies of several patients, each of one made by code."""
    import pydicom

    from medmm.demo.phantom import Phantom
    from medmm.demo.study import write_phantom

    folder = tmp_path_factory.mktemp("discs")
    write_phantom(Phantom(seed=1, shape=(24, 64, 64)), folder / "1")
    for number in range(2, DISCS + 1):
        (folder / str(number)).mkdir()
        for path in sorted(one for one in (folder / "1").rglob("*") if one.is_file()):
            image = pydicom.dcmread(path)
            image.PatientID = f"{image.PatientID}-{number}"
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                setattr(image, name, f"{image[name].value[:-2]}{number}")
            image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
            image.save_as(folder / str(number) / path.name)
    return folder


def kill(folder: Path, url: str, discs: Path, kills: int) -> Tally:
    """So many kills, and what they were in."""
    tally = Tally()
    deeds, upgrades, ingests = shares(kills)
    with named_seed(SEED) as chance:
        with home_anew(folder / "deeds", url) as opened:
            kill_in_deeds(opened, deeds, chance, tally)
        kill_in_upgrades(folder, url, upgrades, chance, tally)
        kill_in_ingests(folder, url, discs, ingests, chance, tally)
    sys.stdout.write(f"{tally}\n")
    return tally


@pytest.mark.crash
def test_kills_lose_nothing_acknowledged(tmp_path: Path, discs: Path) -> None:
    tally = kill(tmp_path, "", discs, KILLS)
    assert tally.killed.total() == KILLS
    assert tally.acknowledged > KILLS


@pytest.mark.crash
def test_kills_lose_nothing_acknowledged_on_postgres(
    tmp_path: Path, postgres_url: str, discs: Path
) -> None:
    tally = kill(tmp_path, postgres_url, discs, KILLS // 4)
    assert tally.killed.total() == KILLS // 4
    assert tally.acknowledged > KILLS // 4


def test_a_kill_before_any_call_that_makes_a_file_durable_leaves_no_half_file(
    opened: Opened,
) -> None:
    Doer(opened.home, opened.database, 0).add_signer()
    points = []
    with Parent(opened.home.path, opened.database.url.render_as_string(False)) as parent:
        for step in count(1):
            event = last_event(opened.database)
            killed = parent.halt_at(step, step)
            whole(opened)
            acknowledged_is_there(killed, recorded(opened.database, event))
            if not killed.underway:
                break
            points.append(killed.underway)
    # Temporary file, fsync, rename, fsync of the folder: for what is kept and for the head.
    assert Counter(points) == {"ingest": 8, "draft": 8, "edit": 4}


def test_a_stray_part_file_of_a_killed_writer_does_no_harm(sqlite_home: Opened) -> None:
    (sqlite_home.home.pixels.folder / "tmpabc.part").write_bytes(b"half")
    assert integrity.check(sqlite_home.database, sqlite_home.home, hashes=True) == []


def writer(home: Path, url: str, first: int, count: int) -> subprocess.Popen[str]:
    """A process that stores ``count`` studies with their drafts."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.records.writing_process", home, url, str(first), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )


def finish(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """All lines of processes that end well."""
    lines = []
    for process in processes:
        output, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        lines += [line.split() for line in output.splitlines()]
    return lines


def test_four_processes_write_at_once_without_an_error(empty: Opened, database_url: str) -> None:
    lines = finish(
        [writer(empty.home.path, database_url, 1 + 100 * number, 5) for number in range(4)]
    )
    assert len({line[1] for line in lines if line[0] == "study"}) == 20
    assert len({line[1] for line in lines if line[0] == "report"}) == 20
    assert integrity.check(empty.database, empty.home, hashes=True) == []
    for line in lines:
        match line:
            case ["report", report, number]:
                hits = reports.search(empty.database, f"case{number}")
                assert [hit.id for hit in hits] == [int(report)]


def test_two_processes_that_ingest_the_same_make_one_set_of_rows(
    empty: Opened, database_url: str
) -> None:
    lines = finish([writer(empty.home.path, database_url, 1, 8) for _ in range(2)])
    outcomes = [line[2] for line in lines if line[0] == "study"]
    assert (outcomes.count("new"), outcomes.count("known")) == (8, 8)
    assert len({line[1] for line in lines if line[0] == "study"}) == 8
    assert len(studies.list_studies(empty.database)) == 8
    assert integrity.check(empty.database, empty.home, hashes=True) == []
