"""Files of knowledge into Markdown documents, by formats; untrusted ones in a confined process.

Nothing is imported before it is asked for: the worker passes through here with little memory.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.reading.documents import own_readers, read_document
    from rag.reading.limits import Limits

__all__ = ["Limits", "own_readers", "read_document"]

_HOMES = {
    "Limits": "rag.reading.limits",
    "own_readers": "rag.reading.documents",
    "read_document": "rag.reading.documents",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
