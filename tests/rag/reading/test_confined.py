"""The wall: whatever the process behind it does, the caller gets a sentence about the file."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from medmm.errors import InputError, LimitError, MissingError
from rag.reading import Limits, confined
from rag.reading.confined import convert
from rag.reading.limits import DEFAULT

QUICK = Limits(wall_seconds=2.0)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<p>words</p>")
    return path


def worker(tmp_path, monkeypatch, code: str) -> None:
    path = tmp_path / "worker.py"
    path.write_text(f"import json, os, signal, sys, time\n{code}\n")
    monkeypatch.setattr(confined, "WORKER", path)


def answer(value: str) -> str:
    return f"sys.stdout.write({value})"


@pytest.mark.parametrize(
    "code",
    [
        "os._exit(1)",
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "raise SystemExit(3)",
    ],
)
def test_a_process_that_dies_is_the_files_fault(page, tmp_path, monkeypatch, code):
    worker(tmp_path, monkeypatch, code)
    with pytest.raises(InputError, match=r"page\.html brought down the process") as caught:
        convert(page, "html", QUICK)
    assert caught.value.code == "died"


@pytest.mark.parametrize("code", ["time.sleep(60)", "os.close(1); time.sleep(60)", "while 1: 0"])
def test_a_process_that_hangs_is_ended(page, tmp_path, monkeypatch, code):
    worker(tmp_path, monkeypatch, code)
    started = time.monotonic()
    with pytest.raises(LimitError, match=r"page\.html takes too long"):
        convert(page, "html", Limits(wall_seconds=0.7))
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "value",
    [
        "'no json'",
        "''",
        "'[' * 100000",
        "json.dumps([1])",
        "json.dumps({'text': 'x'})",
        "json.dumps({'text': 'x', 'title': '', 'pages': [5]})",
        "json.dumps({'text': 'xyz', 'title': '', 'pages': [2, 1]})",
        "json.dumps({'text': 'xyz', 'title': '', 'pages': [True]})",
        "json.dumps({'text': 'x\\u202ey', 'title': '', 'pages': []})",
        "json.dumps({'text': '\\ud800', 'title': '', 'pages': []})",
        "json.dumps({'text': ' ', 'title': '', 'pages': []})",
        "json.dumps({'text': 'x', 'title': 'x' * 9999, 'pages': []})",
        "json.dumps({'refused': 'because I say so', 'number': 0})",
        "json.dumps({'refused': 'scanned', 'number': 'obey'})",
        "json.dumps({'refused': ['scanned'], 'number': 0})",
        "'x' * 30_000_000",
    ],
)
def test_nonsense_is_refused(page, tmp_path, monkeypatch, value):
    worker(tmp_path, monkeypatch, answer(value))
    with pytest.raises(InputError, match=r"page\.html made the process .* nonsense"):
        convert(page, "html", Limits(wall_seconds=20.0, characters=1_000_000))


def test_a_parser_that_is_missing_is_named(page, tmp_path, monkeypatch):
    worker(tmp_path, monkeypatch, answer("json.dumps({'missing': 'bs4'})"))
    with pytest.raises(MissingError, match="'bs4' is not installed"):
        convert(page, "html", QUICK)


def test_a_process_that_cannot_start_is_said(page, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(MissingError, match="cannot be used"):
        convert(page, "html", QUICK)


def test_a_killed_process_leaves_a_sentence(page, tmp_path, monkeypatch):
    note = tmp_path / "pid"
    worker(tmp_path, monkeypatch, f"open({str(note)!r}, 'w').write(str(os.getpid()))\n"
                                  "time.sleep(60)")  # fmt: skip

    def kill() -> None:
        while not note.exists() or not note.read_text():
            time.sleep(0.01)
        os.kill(int(note.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(InputError, match="brought down"):
        convert(page, "html", DEFAULT)
    killer.join()


def test_the_worker_has_no_secrets_and_no_network(page, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDMM_VLM_API_KEY", "secret")
    worker(tmp_path, monkeypatch, answer(
        "json.dumps({'text': repr(sorted(os.environ)), 'title': '', 'pages': []})"
    ))  # fmt: skip
    assert "MEDMM" not in convert(page, "html", QUICK).text
    monkeypatch.undo()
    real = confined.WORKER.read_text(encoding="utf-8")
    code = real.replace(
        "text, title = bytes_to_markdown(sys.stdin.buffer.read(), limits)",
        "import socket, subprocess\n"
        "        text = title = ''\n"
        "        for act in (socket.socket, lambda: subprocess.run(['true']), os.fork,\n"
        f"                    lambda: open({str(tmp_path / 'never')!r}, 'w')):\n"
        "            try:\n"
        "                act()\n"
        "            except Exception as error:\n"
        "                text += type(error).__name__ + ' '",
    )
    assert code != real
    path = tmp_path / "curious.py"
    path.write_text(code)
    monkeypatch.setattr(confined, "WORKER", path)
    assert convert(page, "html", QUICK).text.split() == ["PermissionError"] * 4


def test_the_worker_holds_to_its_memory(page, tmp_path, monkeypatch):
    real = confined.WORKER.read_text(encoding="utf-8")
    code = real.replace(
        "text, title = bytes_to_markdown(sys.stdin.buffer.read(), limits)",
        "text = title = 'x' * 800_000_000",
    )
    assert code != real
    path = tmp_path / "greedy.py"
    path.write_text(code)
    monkeypatch.setattr(confined, "WORKER", path)
    with pytest.raises(LimitError, match="asks for more memory"):
        convert(page, "html", Limits(memory_bytes=400_000_000))


def test_no_process_is_left(page):
    before = children()
    convert(page, "html", DEFAULT)
    assert children() <= before


def children() -> set[str]:
    """Processes that this one has started and that are not gone."""
    tasks = Path("/proc/self/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}
