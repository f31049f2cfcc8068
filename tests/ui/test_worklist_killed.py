"""A real server killed with a draft under way: the next one finishes it, and it is there once."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from medmm.assembly import homes, library, reading
from medmm.records import integrity, users
from medmm.records.audit_tables import AuditRow
from medmm.records.tables import ReportRow
from medmm.records.users import NewUser
from tests.assembly.test_working import until
from tests.conftest import Medmm
from tests.records.conftest import (  # noqa: F401  # fixtures, found by name
    database_url,
    postgres_admin,
    schema_url,
)
from tests.records.test_users import QUICK
from tests.ui.house import GOOD
from tests.ui.test_serve import serving


def visitor(url: str) -> httpx.Client:
    """A browser of sam's whose writes carry the token."""
    made = httpx.Client(base_url=url, headers={"origin": url.rstrip("/")}, timeout=60)
    answer = made.post("/sign-in", data={"name": "sam", "password": GOOD})
    assert answer.status_code == 303
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', made.get("/password").text)
    assert found
    made.headers["x-csrf-token"] = found[1]
    return made


def job(sam: httpx.Client) -> dict[str, Any]:
    [found] = sam.get("/api/jobs").json()["jobs"]
    return dict(found)


def processes(home: Path) -> list[int]:
    """Processes that do jobs of a home: their folder for temporary files is in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={home}/cache/jobs/".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture
def filled(
    medmm_command: Medmm,
    small_study: Path,
    database_url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[homes.OpenHome]:
    monkeypatch.setenv("MEDMM_DATABASE_URL", database_url)
    opened = homes.open_home(medmm_command.home)
    with closing(opened.database):
        users.add_user(opened.database, NewUser("sam", "signer", GOOD), hasher=QUICK)
        found, _ = reading.read_all([small_study])
        reading.ingest(opened, found, lambda _: None)
        yield opened


def test_a_draft_whose_server_is_killed_twice_is_recorded_once(
    medmm_command: Medmm, filled: homes.OpenHome
) -> None:
    with serving(medmm_command) as (process, url), closing(visitor(url)) as sam:
        asked = sam.post("/api/studies/1/draft", json={"indication": "cough"})
        assert asked.status_code == 202, asked.text
        until(lambda: job(sam)["status"] == "running")
        until(lambda: processes(filled.path))
        os.kill(process.pid, signal.SIGKILL)
    with serving(medmm_command) as (process, url), closing(visitor(url)) as sam:
        # Found again without waiting for anything to time out, and killed while experts compute.
        until(lambda: "expert" in job(sam)["progress"] or job(sam)["report"])
        os.kill(process.pid, signal.SIGKILL)
    # Nobody goes on with it in secret.
    until(lambda: not processes(filled.path))
    with serving(medmm_command) as (process, url), closing(visitor(url)) as sam:
        done = until(lambda: job(sam) if job(sam)["status"] == "done" else None)
        assert (done["report"], done["error"]) == (1, "")
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    with filled.database.read() as session:
        assert session.scalar(select(func.count(ReportRow.id))) == 1
        drafts = session.scalars(select(AuditRow).where(AuditRow.action == "draft")).all()
    assert [(row.actor, row.thing) for row in drafts] == [("sam", "study:1"), ("sam", "report:1")]
    assert json.loads(drafts[0].detail) == {"code": "asked"}
    assert len(library.list_reports(filled, 10)) == 1
    assert integrity.check(filled.database, filled.home, hashes=True) == []
    assert list((filled.path / "cache" / "jobs").iterdir()) == []
