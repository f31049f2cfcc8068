"""The index in Chroma where Chroma is known to fail: two processes, kills, damage, deletion."""

import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from medmm.errors import HomeError, MissingError, StorageError
from rag.indexes import chroma_state, chroma_store
from rag.indexes.chroma import ChromaIndex
from rag.indexes.chroma_check import differences, rows_by_hash
from rag.indexes.chroma_store import Store, StoreError, collection_name
from rag.indexes.exact import ExactIndex
from rag.passages import content_hash
from rag.shelf import Shelf
from rag.tables import PassageRow
from tests.contract.vector_index_suite import (
    BELLY,
    CHEST,
    HEAD,
    WIDTH,
    Knowledge,
    asked,
    numbered,
    vector_of,
)

REPOSITORY = Path(__file__).resolve().parents[3]
MANY = 400
"""Enough for several layers of the graph, and more than is read back at once."""


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "home"
    Knowledge(folder).database.close()
    return folder


@pytest.fixture
def knowledge(tmp_path: Path, empty_home: Path) -> Iterator[Knowledge]:
    shutil.copytree(empty_home, tmp_path / "home")
    made = Knowledge(tmp_path / "home")
    yield made
    made.database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def index(folder: Path) -> Iterator[ChromaIndex]:
    made = ChromaIndex(folder)
    yield made
    made.close()


def process(folder: Path, *words: object, **options: Any) -> subprocess.Popen[str]:
    """`tests.rag.indexes.chroma_process` on this test's home and index."""
    before = options.pop("before", [])
    command = [sys.executable, "-m", "tests.rag.indexes.chroma_process"]
    return subprocess.Popen(
        [*before, *command, str(folder.parent / "home"), str(folder), *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        **{"cwd": REPOSITORY, **options},
    )  # fmt: skip


def ended(started: subprocess.Popen[str]) -> str:
    """What it said, after it ended well."""
    out, err = started.communicate(timeout=120)
    assert (started.returncode, err) == (0, "")
    return out.strip()


def assert_holds(index: ChromaIndex, shelf: Shelf) -> None:
    """Every passage is found by its own vector; every byte that is read back is right."""
    assert index.owner
    index.refresh(shelf)
    for text in _texts(shelf)[:: max(1, len(shelf) // 50)]:
        assert index.search(asked(text), [], 1)[0].score > 0.999
    assert index.problems() == []


def _texts(shelf: Shelf) -> list[str]:
    with shelf.database.read() as session:
        rows = session.execute(select(PassageRow.id, PassageRow.text)).all()
        by_number = {row.id: row.text for row in rows}
    return [by_number[number] for number in shelf.passages.tolist()]


def generations(folder: Path) -> list[int]:
    return sorted(chroma_state.generations(folder))


class TestOneOwner:
    def test_two_writers_lose_nothing(self, knowledge: Knowledge, folder: Path) -> None:
        """Chroma by itself lost 28 of 2,400 in this test."""
        writers = [process(folder, "write", name, 4, 300) for name in ("left", "right")]
        said = {ended(writer) for writer in writers}
        assert "owner" in said
        index, shelf = ChromaIndex(folder), knowledge.shelf()
        index.refresh(shelf)
        found = [index.search(asked(text), [], 1)[0] for text in _texts(shelf)]
        assert [hit.row for hit in found] == list(range(2400))
        assert min(hit.score for hit in found) > 0.999
        assert index.problems() == []
        index.close()

    def test_an_owner_sees_what_another_process_added(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        knowledge.add("a", numbered(0, 300))
        index.refresh(knowledge.shelf())
        assert index.owner
        assert ended(process(folder, "write", "other", 2, 160)) == "guest"
        assert (folder / "look-again").exists()
        assert_holds(index, knowledge.shelf())
        assert index.search(asked("other 319"), [], 1)[0].row == 619
        assert not (folder / "look-again").exists()

    def test_a_mark_makes_the_owner_compare_what_it_holds(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        knowledge.add("a", numbered(0, 30))
        index.refresh(knowledge.shelf())
        _store(index).add(CHEST, ["f" * 64], vector_of("foreign")[None])
        index.refresh(knowledge.shelf())
        assert generations(folder) == [1]
        guest = ChromaIndex(folder)
        guest.refresh(knowledge.shelf())
        assert not guest.owner
        guest.close()
        assert_holds(index, knowledge.shelf())
        assert generations(folder) == [2]

    def test_a_killed_owner_leaves_the_folder_free(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        knowledge.add("a", numbered(0, 30))
        with process(folder, "hold") as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "owner\n"
            index.refresh(knowledge.shelf())
            assert not index.owner
            assert index.search(asked("passage 3"), [], 1)[0].row == 3
            with pytest.raises(HomeError, match="in use by another process"):
                index.repair(knowledge.shelf())
            other.kill()
        index.refresh(knowledge.shelf())
        assert_holds(index, knowledge.shelf())

    def test_a_fork_is_no_owner(self, knowledge: Knowledge, index: ChromaIndex) -> None:
        index.refresh(knowledge.shelf())
        child = os.fork()
        if not child:
            os._exit(index.owner)
        assert os.waitpid(child, 0)[1] == 0
        assert index.owner

    def test_threads_take_turns(self, knowledge: Knowledge, index: ChromaIndex) -> None:
        knowledge.add("a", numbered(0, 50))
        shelf = knowledge.shelf()
        index.refresh(shelf)
        missed: list[int] = []

        def searches() -> None:
            for number in range(50):
                [hit] = index.search(asked(f"passage {number}"), [], 1)
                missed.extend([] if hit.row == number else [number])

        threads = [threading.Thread(target=searches) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(4):
            knowledge.add(f"b {turn}", numbered(turn * 50, 50, "later"), HEAD)
            index.refresh(knowledge.shelf())
        for thread in threads:
            thread.join()
        assert missed == []


def _store(index: ChromaIndex) -> Store:
    store = index._kept.store
    assert store is not None
    return store


def adding(knowledge: Knowledge) -> None:
    knowledge.add("b", numbered(0, MANY, "later"))
    knowledge.add("c", numbered(0, 10, "head"), HEAD)


def removing(knowledge: Knowledge) -> None:
    knowledge.add("a", numbered(100, 200))


class TestKills:
    """SIGKILL in a refresh, at every step that leaves something on the disk."""

    @pytest.mark.parametrize(
        ("change", "where", "nth"),
        [
            (adding, "note", 1),
            (adding, "note", -1),
            (adding, "add", -1),
            (adding, "nearest", 1),
            (adding, "sync", 1),
            (adding, "note", -2),
            (removing, "make", 1),
            (removing, "add", -1),
            (removing, "note", 1),
            (removing, "remove", 1),
        ],
    )
    def test_the_next_refresh_mends(
        self,
        knowledge: Knowledge,
        folder: Path,
        index: ChromaIndex,
        change: Callable[[Knowledge], None],
        where: str,
        nth: int,
    ) -> None:
        knowledge.add("a", numbered(0, 300))
        index.refresh(knowledge.shelf())
        index.close()
        change(knowledge)
        with process(folder, "die", where, nth) as other:
            assert other.wait(60) == -signal.SIGKILL
        index.refresh(knowledge.shelf())
        assert_holds(index, knowledge.shelf())
        assert len(generations(folder)) == 1

    def test_at_moments_that_nobody_chose(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        chance = random.Random(5)
        for turn in range(3):
            writer = f"turn {turn}"
            with process(folder, "write", writer, 100, 50) as other:
                while not any(folder.glob("generation-*")):
                    assert other.poll() is None
                try:
                    other.wait(chance.uniform(0.3, 1.2))
                except subprocess.TimeoutExpired:
                    other.kill()
                assert other.stderr is not None
                assert other.stderr.read() == ""
            index.refresh(knowledge.shelf())
            assert_holds(index, knowledge.shelf())
            assert len(generations(folder)) == 1
            index.close()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def spoil(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"spoiled " * 64)


class TestDamage:
    @pytest.fixture
    def whole(self, knowledge: Knowledge, folder: Path, index: ChromaIndex) -> Shelf:
        """The shelf of a closed index that has all its files."""
        knowledge.add("a", numbered(0, MANY))
        shelf = knowledge.shelf()
        index.refresh(shelf)
        index.close()
        return shelf

    @pytest.mark.parametrize("damage", [cut, spoil, Path.unlink])
    def test_of_any_file_is_mended(
        self, whole: Shelf, folder: Path, index: ChromaIndex, damage: Callable[[Path], None]
    ) -> None:
        names = {path.name for path in folder.rglob("*") if path.is_file()} - {"owner.lock"}
        assert {"chroma.sqlite3", "data_level0.bin", "link_lists.bin", "state.json"} <= names
        for name in sorted(names):
            [path] = folder.rglob(name)
            damage(path)
            index.refresh(whole)
            assert_holds(index, whole)
            assert len(generations(folder)) == 1
            index.close()

    def test_while_it_is_open_is_told(self, whole: Shelf, folder: Path, index: ChromaIndex) -> None:
        for name, told in [("data_level0.bin", "cut short"), ("chroma.sqlite3", "damaged")]:
            index.repair(whole)
            [path] = folder.rglob(name)
            cut(path)
            assert any(told in problem for problem in index.problems())
        index.repair(whole)
        assert_holds(index, whole)

    @pytest.mark.parametrize(
        "note",
        [
            b"", b"[]", b'{"form": 1}', b"\xff\xfe", b'{"generation": "../..", "form": 1}',
        ],
    )  # fmt: skip
    def test_of_the_note_is_mended(
        self, whole: Shelf, folder: Path, index: ChromaIndex, note: bytes
    ) -> None:
        (folder / "state.json").write_bytes(note)
        index.refresh(whole)
        assert_holds(index, whole)
        assert generations(folder) == [2]

    def test_a_note_of_another_form_is_not_read(
        self, whole: Shelf, folder: Path, index: ChromaIndex
    ) -> None:
        note = folder / "state.json"
        note.write_bytes(note.read_bytes().replace(b'"form": 1', b'"form": 2'))
        index.refresh(whole)
        assert generations(folder) == [2]

    def test_what_is_as_it_was_is_not_made_again(
        self, whole: Shelf, folder: Path, index: ChromaIndex
    ) -> None:
        note = (folder / "state.json").read_bytes()
        index.refresh(whole)
        assert_holds(index, whole)
        assert (folder / "state.json").read_bytes() == note

    def test_an_index_with_another_metric_is_not_used(
        self, whole: Shelf, folder: Path, index: ChromaIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setitem(chroma_store.HNSW, "space", "l2")
            index.repair(whole)
            index.close()
        note = folder / "state.json"
        note.write_bytes(note.read_bytes().replace(b'"l2"', b'"cosine"'))
        store = Store(folder / "generation-2")
        with pytest.raises(StoreError, match="another space"):
            store.open(CHEST)
        store.close()
        index.refresh(whole)
        assert_holds(index, whole)
        assert generations(folder) == [3]

    def test_another_embedders_index_is_made_anew(
        self, whole: Shelf, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        index.refresh(knowledge.shelf("2"))
        assert generations(folder) == [2]
        assert index.problems() == []

    def test_problems_name_what_is_missing_foreign_or_changed(
        self, whole: Shelf, folder: Path, index: ChromaIndex
    ) -> None:
        index.refresh(whole)
        store = _store(index)
        names = [content_hash(text) for text in numbered(0, 3)]
        collection = store._collections[CHEST]
        collection.delete(ids=names[:1])
        store.add(CHEST, ["e" * 64], vector_of("foreign")[None])
        store.add(CHEST, names[1:2], vector_of("changed")[None])
        store.make("surplus")
        (folder / "generation-9").mkdir()
        told = " ".join(differences(store, whole, rows_by_hash(whole)))
        for sentence in (
            f"1 of {MANY} texts of {CHEST} are missing",
            f"1 texts in the index are not, or no longer, of {CHEST}",
            "1 domains too many",
            f"1 vectors of {CHEST} in the index are not those",
        ):
            assert sentence in told
        told = " ".join(index.problems())
        assert "holds what should have been removed" in told
        assert "were changed, cut short or removed" in told

    def test_a_panic_of_chromas_core_is_a_damage(
        self, whole: Shelf, folder: Path, index: ChromaIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class PanicException(BaseException):
            """As pyo3 names it."""

        index.refresh(whole)

        def panics(*_: object, **__: object) -> None:
            raise PanicException("range end index 10 out of range")

        monkeypatch.setattr(_store(index)._collections[CHEST], "query", panics)
        with pytest.raises(StoreError, match="range end index"):
            index.search(asked("a"), [], 1)
        (folder / "look-again").touch()
        index.refresh(whole)
        assert_holds(index, whole)


def holds_vector(folder: Path, vector: np.ndarray[Any, np.dtype[np.float32]]) -> bool:
    """Whether eight neighbouring values stand in any file, to six digits."""
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for start in range(4):
            values = np.frombuffer(data[start : start + (len(data) - start) // 4 * 4], "<f4")
            with np.errstate(invalid="ignore"):
                found = np.flatnonzero(np.abs(values[:-8] - vector[40]) < 1e-6)
                if any(np.abs(values[at : at + 8] - vector[40:48]).max() < 1e-6 for at in found):
                    return True
    return False


def holds_bytes(folder: Path, wanted: bytes) -> bool:
    return any(wanted in path.read_bytes() for path in folder.rglob("*") if path.is_file())


class TestPrivacy:
    @pytest.mark.parametrize("others", [50, MANY])
    def test_what_was_removed_is_nowhere(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex, others: int
    ) -> None:
        knowledge.add("a", numbered(0, others))
        gone = knowledge.add("b", ["to be forgotten"])
        index.refresh(knowledge.shelf())
        name = content_hash("to be forgotten").encode()
        assert holds_bytes(folder, name)
        assert holds_vector(folder, vector_of("to be forgotten"))
        knowledge.remove(gone)
        index.refresh(knowledge.shelf())
        assert not holds_bytes(folder, name)
        assert not holds_bytes(folder, bytes.fromhex(name.decode()))
        assert not holds_vector(folder, vector_of("to be forgotten"))
        assert holds_vector(folder, vector_of("passage 3"))
        assert_holds(index, knowledge.shelf())

    def test_no_unused_memory_is_in_the_files(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        """Chroma makes them for 100 texts; vectors of an earlier generation stood in the rest."""
        for turn in range(4):
            number = knowledge.add("a", numbered(turn, 30 - turn))
            knowledge.add("b", numbered(0, 3), HEAD)
            index.refresh(knowledge.shelf())
            sizes = {path.stat().st_size for path in folder.rglob("length.bin")}
            assert sizes == {4 * (30 - turn), 4 * 3}
            each = 4 * WIDTH + 2 * 4 * 48 + 12
            sizes = {path.stat().st_size for path in folder.rglob("data_level0.bin")}
            assert sizes == {each * (30 - turn), each * 3}
            more = knowledge.add("c", numbered(100, 10), HEAD)
            assert_holds(index, knowledge.shelf())
            knowledge.remove(more)
            knowledge.remove(number)

    def test_files_of_an_unknown_form_are_not_trusted(self, tmp_path: Path) -> None:
        for data in (
            b"",
            struct.pack("<iQQQQ", 2, 0, 9, 3, 4),
            struct.pack("<iQQQQ", 1, 0, 9, 3, 9),
        ):
            part = tmp_path / "generation-1" / "part"
            part.mkdir(parents=True, exist_ok=True)
            (part / "header.bin").write_bytes(data)
            for name in ("data_level0.bin", "length.bin"):
                (part / name).write_bytes(b"0" * 12)
            with pytest.raises(StoreError):
                chroma_state.trim(part.parent)

    def test_the_last_one_removed_is_nowhere(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        number = knowledge.add("a", ["to be forgotten"])
        index.refresh(knowledge.shelf())
        knowledge.remove(number)
        index.refresh(knowledge.shelf())
        assert {path.name for path in folder.iterdir()} == {"owner.lock", "state.json"}
        assert index.problems() == []
        knowledge.add("a", ["again"])

        assert_holds(index, knowledge.shelf())

    def test_no_text_is_in_the_folder(
        self, knowledge: Knowledge, folder: Path, index: ChromaIndex
    ) -> None:
        knowledge.add("canarysource", numbered(0, 20, "canarytext"), HEAD)
        index.refresh(knowledge.shelf())
        for canary in (b"canary", "canary".encode("utf-16-le")):
            assert not holds_bytes(folder, canary)

    def test_nothing_asks_for_the_network(
        self, knowledge: Knowledge, folder: Path, tmp_path: Path
    ) -> None:
        """Not even where variables and a .env in the working folder name a server."""
        trace = tmp_path / "trace"
        before = ["unshare", "-rn"]
        if strace := shutil.which("strace"):
            before += [strace, "-f", "-e", "trace=socket,connect", "-o", str(trace)]
        named = {
            "CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI",
            "CHROMA_SERVER_HOST": "chroma.example",
            "CHROMA_OTEL_COLLECTION_ENDPOINT": "http://chroma.example:4317",
            "ANONYMIZED_TELEMETRY": "true",
        }
        work = tmp_path / "work"
        work.mkdir()
        (work / ".env").write_text("".join(f"{key}={value}\n" for key, value in named.items()))
        variables = {**os.environ, **named, "PYTHONPATH": str(REPOSITORY)}
        writer = process(folder, "write", "a", 2, 30, before=before, cwd=work, env=variables)
        assert ended(writer) == "owner"
        if strace:
            assert [line for line in trace.read_text().splitlines() if "AF_INET" in line] == []


class TestRefusals:
    def test_no_chromadb(
        self, knowledge: Knowledge, index: ChromaIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        knowledge.add("a", ["one"])
        monkeypatch.setitem(sys.modules, "chromadb", None)
        with pytest.raises(MissingError, match="pip install chromadb"):
            index.refresh(knowledge.shelf())
        with pytest.raises(HomeError, match="not brought in line"):
            index.search(asked("one"), [], 1)
        monkeypatch.undo()
        index.refresh(knowledge.shelf())
        assert_holds(index, knowledge.shelf())

    def test_an_old_sqlite(
        self, knowledge: Knowledge, index: ChromaIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        knowledge.add("a", ["one"])
        monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
        with pytest.raises(MissingError, match=r"needs SQLite 3\.35"):
            index.refresh(knowledge.shelf())

    def test_a_folder_that_cannot_be_made(self, knowledge: Knowledge, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        index = ChromaIndex(tmp_path / "file" / "index")
        with pytest.raises(StorageError, match="cannot be written"):
            index.refresh(knowledge.shelf())

    def test_a_full_disk(self, knowledge: Knowledge, folder: Path) -> None:
        """One sentence that names the folder; with space again, all is well."""
        knowledge.add("a", numbered(0, MANY))
        folder.mkdir()
        script = (
            'mount -t tmpfs -o size=1m none "$1" && exec "$2" -m '
            'tests.rag.indexes.chroma_process "$3" "$1" write a 1 1'
        )
        home = str(folder.parent / "home")
        ran = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", str(folder), sys.executable, home],
            capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=60,
        )  # fmt: skip
        last = ran.stderr.strip().splitlines()[-1]
        assert "StorageError: " in last
        assert "generation-1 cannot be written: No space left on device" in last

    def test_passages_removed_meanwhile(self, knowledge: Knowledge, index: ChromaIndex) -> None:
        number = knowledge.add("a", ["one"])
        index.refresh(knowledge.shelf())
        knowledge.remove(number)
        with pytest.raises(HomeError, match="changed while it was searched"):
            index.search(asked("one"), [], 1)


def test_names_of_collections_are_safe_and_differ() -> None:
    names = {
        domain: collection_name(domain) for domain in (CHEST, "a", "A", "é", "a b", "", "x" * 999)
    }
    assert len(set(names.values())) == len(names)
    for name in names.values():
        assert 3 <= len(name) <= 512
        assert name.isascii()
        assert name.replace("-", "").isalnum()
    assert names[CHEST] == f"domain-{CHEST}"


@pytest.mark.parametrize("kind", ["random", "like text"])
def test_recall(knowledge: Knowledge, index: ChromaIndex, kind: str) -> None:
    """Of the ten nearest by all vectors, Chroma finds at least 95 in 100."""
    topic = "{0}" if kind == "random" else "topic {1}~{0}"
    for start, domain in ((0, CHEST), (1000, BELLY), (2000, HEAD)):
        texts = [topic.format(number, number % 60) for number in range(start, start + 1000)]
        knowledge.add("a", texts, domain)
    shelf, exact = knowledge.shelf(), ExactIndex()
    index.refresh(shelf)
    exact.refresh(shelf)
    found = wanted = 0
    for number in range(5000, 5050):
        query = asked(topic.format(number, number % 60))
        true = {hit.row for hit in exact.search(query, [], 10)}
        wanted += len(true)
        found += len(true & {hit.row for hit in index.search(query, [], 10)})
    assert wanted == 500
    assert found / wanted >= 0.95
