"""Imaging studies into report drafts in which every sentence says what it rests on.

>>> import medmm
>>> study = medmm.read("folder")  # doctest: +SKIP
>>> draft = medmm.draft(study)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medmm.assembly.drafting import ask, draft
    from medmm.assembly.homes import open_home
    from medmm.assembly.reading import read

__version__ = "0.1.0"
__all__ = ["__version__", "ask", "draft", "open_home", "read"]

_HOMES = {
    "ask": "medmm.assembly.drafting",
    "draft": "medmm.assembly.drafting",
    "open_home": "medmm.assembly.homes",
    "read": "medmm.assembly.reading",
}


def __getattr__(name: str) -> Any:
    """The public functions, imported when first asked for: ``import medmm`` itself stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'medmm' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
