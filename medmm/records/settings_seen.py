"""Settings that differ from those the home was last opened with become events.

Settings are a file edited by hand, variables and flags, so a change is seen when the home is opened
next, by whoever opens it. What was in force lies in the home, so that a change back is one, too.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from medmm.database import Database
from medmm.errors import StorageError
from medmm.home import Home, write_whole
from medmm.records.access import By
from medmm.records.audit import audited, event_by, record
from medmm.settings import Settings

# Where data goes and what answers. Not where the home is and how much is logged.
RECORDED = tuple(name for name in Settings.model_fields if name not in {"home", "log_level"})
# Of these only whether they are set: secrets, and paths that may be named after somebody.
UNTOLD = frozenset({"database_url", "models", "vlm_api_key", "audit_head", "ingest_folders"})
FILE = ".settings-seen"
log = logging.getLogger("medmm.settings")


def note_changes(database: Database, home: Home, by: By) -> None:
    """Record each setting that is another than when the home was last opened.

    Raises:
        HomeError: the database cannot be written now.
    """
    now, before = told(home.settings), _seen(home.path / FILE)
    if before == now:
        return
    defaults = told(Settings.model_construct(home=home.path))
    changed = [name for name in RECORDED if now[name] != (before or defaults).get(name, "")]
    if changed:
        with audited(database, home) as session:
            for name in changed:
                detail = {"setting": name, "before": (before or defaults).get(name, "")}
                detail["after"] = now[name]
                record(session, event_by(by, "set_setting", detail=detail))
    try:
        write_whole(home.path / FILE, json.dumps(now).encode())
    except StorageError:
        # Recorded once more when the home is opened next.
        log.warning("the settings in force could not be kept")


def told(settings: Settings) -> dict[str, str]:
    """Each recorded setting as an event tells it."""
    return {name: _told(name, getattr(settings, name)) for name in RECORDED}


def _told(name: str, value: object) -> str:
    if name in UNTOLD:
        return "set" if value else ""
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def _seen(file: Path) -> Mapping[str, str] | None:
    try:
        seen = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(seen, dict) or not all(isinstance(one, str) for one in seen.values()):
        return None
    return seen
