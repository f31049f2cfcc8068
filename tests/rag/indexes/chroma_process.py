"""Another process on the same home and the same index; see `tests.rag.indexes.test_chroma`.

python -m tests.rag.indexes.chroma_process HOME INDEX write NAME DOCUMENTS PASSAGES
python -m tests.rag.indexes.chroma_process HOME INDEX hold
python -m tests.rag.indexes.chroma_process HOME INDEX die WHERE NTH
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.indexes import chroma_folder, chroma_state
from rag.indexes.chroma import ChromaIndex
from rag.indexes.chroma_store import Store
from tests.contract.vector_index_suite import Knowledge, asked, numbered

PLACES: dict[str, tuple[Any, str]] = {
    "make": (Store, "make"),
    "add": (Store, "add"),
    "nearest": (Store, "nearest"),
    "sync": (chroma_state, "sync_generation"),
    "note": (chroma_state, "write_state"),
    "remove": (shutil, "rmtree"),
}


def write(knowledge: Knowledge, index: ChromaIndex, name: str, documents: str, each: str) -> None:
    """Add documents, and after each one find what was added."""
    for number in range(int(documents)):
        texts = numbered(number * int(each), int(each), name)
        knowledge.add(f"{name} {number}", texts)
        index.refresh(knowledge.shelf())
        assert all(index.search(asked(text), [], 1)[0].score > 0.999 for text in texts[::20])
    sys.stdout.write("owner\n" if index.owner else "guest\n")
    sys.stdout.flush()


def hold(knowledge: Knowledge, index: ChromaIndex) -> None:
    """Be the owner until killed."""
    index.refresh(knowledge.shelf())
    sys.stdout.write("owner\n" if index.owner else "guest\n")
    sys.stdout.flush()
    signal.pause()


def die(knowledge: Knowledge, index: ChromaIndex, where: str, nth: str) -> None:
    """Be killed just before ("make 1") or just after ("make -1") the nth call of a step."""
    owner, name = PLACES[where]
    done: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def killing(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)
        made = done(*values, **named)
        if calls == -int(nth):
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    setattr(owner, name, killing)
    index.refresh(knowledge.shelf())


if __name__ == "__main__":
    assert chroma_folder.notes is chroma_state
    home, folder, what, *words = sys.argv[1:]
    {"write": write, "hold": hold, "die": die}[what](
        Knowledge(Path(home)), ChromaIndex(Path(folder)), *words
    )
