"""``medmm serve``: a new home's first admin, where it may listen, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from medmm.errors import UsageError
from tests.conftest import Medmm
from tests.ui.test_answers import at
from ui.options import Options

ONE_TIME = re.compile(r"\n    ([a-z2-9]{5}(?:-[a-z2-9]{5}){3})\n")


@contextmanager
def serving(medmm_command: Medmm, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command running, and the address it said."""
    process = subprocess.Popen(
        medmm_command.command("serve", "--port", "0", "--json", *arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "}\n")) + "}"
        yield process, json.loads(said)["url"]
    finally:
        process.kill()
        process.communicate()


def test_a_new_home_gets_an_admin_whose_password_is_shown_once(medmm_command: Medmm) -> None:
    with serving(medmm_command) as (process, url):
        assert httpx.get(f"{url}healthz").text == "ok"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    found = ONE_TIME.search(told)
    assert found
    for path in medmm_command.home.rglob("*"):
        assert not path.is_file() or found[1].encode() not in path.read_bytes()
    (admin,) = medmm_command.json("user", "list")["users"]
    assert (admin["name"], admin["role"], admin["must_change"]) == ("admin", "admin", True)
    with serving(medmm_command) as (process, url):
        origin = {"origin": url.rstrip("/")}
        form = {"name": "admin", "password": found[1]}
        answer = httpx.post(f"{url}sign-in", data=form, headers=origin)
        assert answer.status_code == 303
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped." in told
    assert ONE_TIME.search(told) is None


def test_a_connection_that_is_open_does_not_keep_it_from_ending(medmm_command: Medmm) -> None:
    with serving(medmm_command) as (process, url), socket.create_connection(at(url)) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130


def test_a_port_in_use_is_one_line_and_makes_no_admin(medmm_command: Medmm) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = medmm_command("serve", "--port", port, code=3)
    assert ran.stdout == ""
    (line,) = ran.stderr.strip().splitlines()
    assert line == f"medmm: Port {port} is in use. Name another: --port N, or 0 for any."
    assert medmm_command.json("user", "list")["users"] == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "reading.example", ""])
def test_an_address_that_others_reach_needs_the_word_that_tls_ends_at_a_proxy(host: str) -> None:
    with pytest.raises(UsageError, match="no TLS"):
        Options(host)
    assert Options(host, behind_proxy="https://reading.example").secure


@pytest.mark.parametrize(
    "address",
    ["http://reading.example", "reading.example", "/medmm", "https://", "https://a b/",
     "https://x@y/", "https://x/?a", "https://x/#a", "https://x:99999/", "https://x//y", "ftp://x"],
)  # fmt: skip
def test_what_is_no_https_address_is_no_proxys(address: str) -> None:
    with pytest.raises(UsageError):
        Options(behind_proxy=address)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.9.1"])
def test_this_machine_needs_no_proxy(host: str) -> None:
    assert not Options(host).secure


def test_the_command_says_it_in_two_lines(medmm_command: Medmm) -> None:
    ran = medmm_command("serve", "--host", "0.0.0.0", code=2)
    assert "no TLS" in ran.stderr
    assert not (medmm_command.home / "medmm.db").exists()


def test_the_environment_cannot_open_what_is_shut(medmm_command: Medmm, tmp_path: Path) -> None:
    medmm_command("user", "list")
    folder = tmp_path / "shared"
    folder.mkdir()
    script = (
        "import os, sys; from pathlib import Path; from medmm.assembly import homes;"
        "from ui.frame import Frame; import ui.app;"
        f"ui.app.build(Frame(homes.open_home({str(medmm_command.home)!r})));"
        "import gradio, huggingface_hub.constants as hub;"
        "print(os.environ['GRADIO_ALLOWED_PATHS'] == '', hub.HF_HUB_OFFLINE,"
        "os.environ['GRADIO_ANALYTICS_ENABLED'], 'GRADIO_WATCH_DIRS' in os.environ)"
    )
    environment = {**os.environ, "GRADIO_ALLOWED_PATHS": str(folder), "GRADIO_SHARE": "True",
                   "GRADIO_ANALYTICS_ENABLED": "True", "GRADIO_WATCH_DIRS": "/"}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout.split() == ["True", "True", "False", "False"]
