"""Proof that the packages ``rag``, ``ui`` and ``expert_models`` are medmm's own.

The layout fixes these top-level names, and others use them too: another distribution or a file in
the working folder may stand before ours on the import path. This looks without importing.
"""

from importlib.machinery import PathFinder
from pathlib import Path

from medmm.errors import MissingError

PACKAGES = ("rag", "expert_models", "ui")
MARK = '__medmm_owner__ = "medmm"'


def check_packages() -> None:
    """Make sure that each package found is the one that came with this medmm.

    Raises:
        MissingError: another file, folder or distribution stands in the way, or ours is missing.
    """
    for name in PACKAGES:
        found = PathFinder.find_spec(name)
        if found is None:
            raise MissingError(f"medmm's package {name!r} is missing.", "Reinstall medmm.")
        if not _is_ours(found.origin):
            where = found.origin or ", ".join(found.submodule_search_locations or [])
            raise MissingError(
                f"{where} stands in the way of medmm's own package {name!r}.",
                "Rename it, uninstall what brought it, or run from another folder.",
            )


def _is_ours(origin: str | None) -> bool:
    if origin is None or Path(origin).name != "__init__.py":
        return False
    with Path(origin).open("rb") as file:
        return MARK.encode() in file.read(4096)
