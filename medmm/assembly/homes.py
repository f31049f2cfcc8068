"""A home opened: its folder, its log and its database together."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.orm import Session

from medmm import home as home_module
from medmm import logs, ownership
from medmm.database import Database
from medmm.home import Home
from medmm.records import being_restored, erasing, integrity, migrations, settings_seen
from medmm.records.access import By, by_command
from medmm.records.audit import event_by, record, sealing

ownership.check_packages()


@dataclass(frozen=True)
class OpenHome:
    """A home with its database open and at this version's schema, and who acts in it.

    Everything that is done in it is done, and recorded, as ``by``.
    """

    home: Home
    database: Database
    by: By = field(default_factory=by_command)

    @property
    def path(self) -> Path:
        """The folder."""
        return self.home.path

    def acting(self, by: By) -> "OpenHome":
        """The same home in another's hands: a user of the page, the platform itself."""
        return replace(self, by=by)


def open_home(path: str | Path | None = None) -> OpenHome:
    """Open a home (else by MEDMM_HOME, else the user data folder); a new one is made ready.

    Raises:
        HomeError: not writable, settings that do not fit, or a database behind its migrations.
    """
    home, database = _open(path)
    migrations.ensure(database, home)
    opened = OpenHome(home, database)
    settings_seen.note_changes(database, home, opened.by)
    # What a killed process left of an erasing; what cannot be done now `db check` tells.
    erasing.finish(database, home)
    return opened


def upgrade_database(path: str | Path | None = None) -> dict[str, str | None]:
    """Bring a home's database to this version's schema: revision ``before`` and ``after``."""
    home, database = _open(path)

    def note(session: Session, before: str, after: str) -> None:
        detail = {"before": before, "after": after}
        record(session, event_by(by_command(), "upgrade", detail=detail))

    with sealing(database, home):
        before, after = migrations.upgrade(database, home, note)
    return {"before": before, "after": after}


def check_database(path: str | Path | None = None, *, hashes: bool = False) -> list[str]:
    """What is wrong with a home's rows and files; empty when all is whole.

    With ``hashes`` every kept file is read and compared with its name.

    Raises:
        MigrationError: the schema is behind or ahead, so that nothing else can be checked.
    """
    from rag import integrity as knowledge

    opened = open_home(path)
    found = integrity.check(opened.database, opened.home, hashes=hashes)
    return found + knowledge.problems(opened.database)


def _open(path: str | Path | None) -> tuple[Home, Database]:
    home = home_module.prepare(Path(path) if path is not None else None)
    logs.start(home.logs, home.settings.log_level)
    database = Database(home.database_url)
    # A restore holds this lock while it changes what is opened here: who is connected before it is
    # seen by it, and who comes later finds the home restored or marked.
    with home.lock("database"):
        being_restored.refuse(home)
        with database.read() as session:
            session.connection()
    return home, database
