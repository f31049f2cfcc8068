"""What the tests of backups do with a home: fill it, write its backup, restore it, compare rows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

import rag.tables
from medmm import home as home_module
from medmm.database import Base, Database
from medmm.home import Home
from medmm.records import backup, migrations, restore
from medmm.records.access import Actor, By
from medmm.records.addenda import addend_report
from medmm.records.backup.rows import lines_of
from medmm.records.backup.snapshot import TRANSIENT
from tests.records.builders import draft, refused_series, region_with_mask, series, study
from tests.records.conftest import Opened
from tests.records.signing_homes import GOOD, HERE, add_draft, people, raw, reports, sign, studies
from tests.records.test_users import QUICK

ADA = By(Actor("ada", "admin", "person"), "192.0.2.9")
SECRET = "sk-5f1c9d-not-to-leave"
Rows = dict[str, list[bytes]]


def fill(opened: Opened) -> None:
    """People, a study, a signed report with an addendum, a draft with a mask, knowledge."""
    people(opened)
    studies.save_study(opened.database, opened.home, study(series(), refused_series()))
    add_draft(opened)
    sign(opened)
    given = {"user": "bob", "password": "another quiet lung", "origin": HERE, "hasher": QUICK}
    addend_report(opened.database, opened.home, 1, "See the film of May.", **given)
    masked = draft(texts=["Überall Lunge."], regions=(region_with_mask(opened.home),))
    reports.save_draft(opened.database, opened.home, 1, masked)
    _add_knowledge(opened)


def _add_knowledge(opened: Opened) -> None:
    now = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    common: dict[str, Any] = {
        "source": "guide.md", "title": "Guide", "domain": "general", "language": "en",
        "licence": "CC0", "origin": "", "media_type": "text/markdown", "text": "# A\n\nA lung.\n",
        "words": ["lung"], "citations": [], "added_by": "ada", "added": now,
    }  # fmt: skip
    with opened.database.write() as session:
        # The earlier version points to a later row, whatever order rows come in.
        for number, after in ((2, None), (1, 2)):
            session.add(
                rag.tables.DocumentRow(
                    id=number, version=str(number), sha256=f"{number}" * 64, **common,
                    superseded=now if after else None, superseded_by=after,
                )
            )  # fmt: skip
            session.flush()
        session.add(
            rag.tables.VectorRow(embedded="e" * 64, embedder="m@1", vector=bytes(range(256)))
        )
        if opened.database.dialect == "postgresql":
            # As medmm's own rows, that take their numbers from the counter.
            session.execute(text("SELECT setval('knowledge_documents_id_seq', 2)"))


def rows(database: Database) -> Rows:
    """All rows of all tables, in the form that is the same on every database."""
    with database.read() as session:
        return {
            name: list(lines_of(session, table))
            for name, table in Base.metadata.tables.items()
            if name not in TRANSIENT
        }


def write(opened: Opened, file: Path, **more: Any) -> backup.Made:
    """A backup of the home."""
    return backup.make(opened.database, opened.home, file, Base.metadata, **more)


def new_home(folder: Path, url: str = "") -> Home:
    """A home whose settings name its database."""
    home = home_module.prepare(folder)
    if url:
        (folder / "settings.toml").write_text(f'database_url = "{url}"\n')
        home = home_module.prepare(folder)
    return home


def bring(home: Home, file: Path, **more: Any) -> restore.Restored:
    """The backup restored into the home."""
    return restore.restore(home, file, ADA, **more)


@contextmanager
def opened_again(home: Home) -> Iterator[Opened]:
    """A home with its database open."""
    database = Database(home.database_url)
    try:
        migrations.ensure(database, home)
        yield Opened(home, database)
    finally:
        database.close()


def bytes_of(folder: Path) -> dict[str, str]:
    """Hash of each file below a folder by its path, but for locks, which hold nothing."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


__all__ = [
    "ADA", "GOOD", "SECRET", "TRANSIENT", "bring", "bytes_of", "fill", "new_home", "opened_again",
    "raw", "rows", "write",
]  # fmt: skip
