"""Many writers keep one chain; one that is killed between a commit and its seal does no harm."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from medmm.records import audit_head
from medmm.records.audit import Event, audited, record, seal, verify
from medmm.records.audit_tables import AuditRow
from tests.records.conftest import Opened

REPOSITORY = Path(__file__).resolve().parents[2]
EACH = 50


def start(opened: Opened, url: str, count: int, *flags: str) -> subprocess.Popen[str]:
    words = ["-m", "tests.records.audit_writer", str(opened.home.path), url, str(count), *flags]
    return subprocess.Popen(
        [sys.executable, *words], stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
    )


def sequences(opened: Opened) -> list[int]:
    with opened.database.read() as session:
        return list(session.scalars(select(AuditRow.sequence).order_by(AuditRow.sequence)))


def sealed(opened: Opened) -> int:
    head = audit_head.read_head(opened.home)
    return head.sequence if head else -1


def test_eight_threads_keep_one_chain(opened: Opened) -> None:
    def work(thread: int) -> list[int]:
        numbers = []
        for number in range(EACH):
            event = Event(f"user{thread}", "reporter", "report.edit", f"report:{number}")
            with audited(opened.database, opened.home) as session:
                numbers.append(record(session, event))
        return numbers

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, thread) for thread in range(8)]
        while not all(thread.done() for thread in working):
            # Who looks while others write sees a whole chain that meets its head.
            assert verify(opened.database, opened.home) == []
            time.sleep(0.05)
        given = [number for thread in working for number in thread.result()]
    assert sorted(given) == sequences(opened) == list(range(1, 8 * EACH + 1))
    assert sealed(opened) == 8 * EACH
    assert verify(opened.database, opened.home) == []


def test_four_processes_keep_one_chain(opened: Opened, database_url: str) -> None:
    writers = [start(opened, database_url, EACH) for _ in range(4)]
    for writer in writers:
        _, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, "")
    assert sequences(opened) == list(range(1, 4 * EACH + 1))
    assert sealed(opened) == 4 * EACH
    assert verify(opened.database, opened.home) == []


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_kill_between_commit_and_seal_is_caught_up(
    opened: Opened, database_url: str, count: int
) -> None:
    writer = start(opened, database_url, count, "dies")
    _, errors = writer.communicate()
    assert (writer.returncode, errors) == (-signal.SIGKILL, "")
    assert sequences(opened) == list(range(1, count + 1))
    assert sealed(opened) == count - 1
    assert verify(opened.database, opened.home) == []
    assert seal(opened.database, opened.home).sequence == count
    assert verify(opened.database, opened.home) == []
