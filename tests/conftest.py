"""Fixtures that find real data and real services, as the contract's last section says."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REQUIRED = {name for name in os.environ.get("MEDMM_TEST_REQUIRE", "").split(",") if name}
REPOSITORY = Path(__file__).resolve().parent.parent
POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")


def absent(what: str, reason: str) -> None:
    """Fail where ``what`` is required, else skip with the reason."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required and absent: {reason}")
    pytest.skip(f"{what} is absent: {reason}")


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked folder of real data."""
    named = os.environ.get("MEDMM_TEST_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        absent("data", f"{folder} is not there; set MEDMM_TEST_DATA to the unpacked folder")
    if named or not (folder / "unpack").exists():
        return folder
    # Packed, as it lies beside a checkout: opened once for all workers of this run.
    opened = tmp_path_factory.getbasetemp().parent / "medmm-test-data"
    with (opened.parent / "medmm-test-data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (opened / ".whole").exists():
            script = str(REPOSITORY / "tests" / "unpack_data.py")
            subprocess.run([sys.executable, script, str(folder), str(opened)], check=True)
            (opened / ".whole").touch()
    return opened


@pytest.fixture(scope="session")
def dcmtk() -> Path:
    """The folder of dcmtk's tools (not pynetdicom's, which shadow some names in a venv)."""
    tool = shutil.which("dcmdump", path="/usr/bin:/usr/local/bin")
    if tool is None:
        absent("dcmtk", "install Debian's dcmtk and dicom3tools")
        raise AssertionError
    return Path(tool).parent


def _as_postgres(*command: str) -> list[str]:
    """initdb refuses root, so it runs as the service's own user there."""
    if os.geteuid() != 0:
        return list(command)
    return ["/usr/sbin/runuser", "-u", "postgres", "--", *command]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A PostgreSQL of this test session's own, on a socket in the folder that is given."""
    if not (POSTGRES_BIN / "initdb").exists():
        absent("postgres", f"{POSTGRES_BIN} is not there; install Debian's postgresql-15")
    # A short path of its own: a socket's path may have 107 bytes, and postgres must reach it.
    folder = Path("/tmp") / f"medmm-pg-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    subprocess.run(
        _as_postgres(
            str(POSTGRES_BIN / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres",
            "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
        ),
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    subprocess.run(
        _as_postgres(
            str(POSTGRES_BIN / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"),
            "-o", options, "start",
        ),
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    yield folder
    subprocess.run(
        _as_postgres(str(POSTGRES_BIN / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"),
        check=False, capture_output=True, cwd=folder,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: Path) -> Iterator[str]:
    """A new empty database."""
    name = f"medmm_{uuid.uuid4().hex[:12]}"
    socket = str(postgres_server)
    command = ["psql", "-h", socket, "-U", "postgres", "-q", "-c"]
    subprocess.run([*command, f"CREATE DATABASE {name}"], check=True, capture_output=True)
    yield f"postgresql+psycopg://postgres@/{name}?host={socket}"
    subprocess.run(
        [*command, f"DROP DATABASE {name} WITH (FORCE)"], check=True, capture_output=True
    )


@dataclass(frozen=True)
class Orthanc:
    """A DICOM archive of this test session's own, on loopback."""

    host: str
    dicom_port: int
    http_port: int

    def get(self, path: str) -> bytes:
        """What its REST interface answers."""
        with urllib.request.urlopen(f"http://{self.host}:{self.http_port}{path}") as answer:
            body: bytes = answer.read()
        return body


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Debian's Orthanc with an empty store."""
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        absent("orthanc", "install Debian's orthanc")
        raise AssertionError
    folder = tmp_path_factory.mktemp("orthanc")
    made = Orthanc("127.0.0.1", free_port(), free_port())
    settings = {
        "StorageDirectory": str(folder / "store"), "IndexDirectory": str(folder / "store"),
        "HttpPort": made.http_port, "DicomPort": made.dicom_port, "Plugins": [],
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True, "StorageCompression": False,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [program, str(folder / "orthanc.json")], stderr=subprocess.PIPE, text=True, cwd=folder
    )
    assert process.stderr is not None
    # It says when it listens; a dead one ends the lines.
    assert any("Orthanc has started" in line for line in process.stderr), "Orthanc did not start"
    # A full pipe would stop it.
    rest = threading.Thread(target=process.stderr.read)
    rest.start()
    yield made
    process.terminate()
    process.wait(30)
    rest.join()
    process.stderr.close()


@dataclass(frozen=True)
class Medmm:
    """The installed command, run as a user runs it, on a home of its own."""

    home: Path

    def __call__(
        self, *arguments: object, code: int | None = 0, before: Sequence[str] = (), **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run ``medmm ARGUMENTS --home HOME``; the exit code must be ``code`` if that is given."""
        ran = subprocess.run(
            [*before, *self.command(*arguments)],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
            **{"timeout": 300, **options},
        )  # fmt: skip
        if code is not None:
            assert ran.returncode == code, f"exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr
        return ran

    def command(self, *arguments: object) -> list[str]:
        """The words to run."""
        script = Path(sys.executable).parent / "medmm"
        return [str(script), *(str(word) for word in arguments), "--home", str(self.home)]

    def json(self, *arguments: object, code: int | None = 0, **options: Any) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(
            self(*arguments, "--json", code=code, **options).stdout
        )
        return document


@pytest.fixture
def medmm_command(tmp_path: Path) -> Medmm:
    """The command on a new home."""
    return Medmm(tmp_path / "home")


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chest CT made by code, small enough for many runs."""
    from medmm.demo.phantom import Phantom
    from medmm.demo.study import write_phantom

    folder = tmp_path_factory.mktemp("small-study")
    write_phantom(Phantom(seed=1, shape=(64, 160, 160)), folder)
    return folder


@pytest.fixture(scope="session")
def bundled_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled study, whole."""
    from medmm.demo.study import write_study

    folder = tmp_path_factory.mktemp("bundled-study")
    write_study(folder)
    return folder


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's home, its variables or the network beyond loopback."""
    for name in [name for name in os.environ if name.startswith("MEDMM_")]:
        if not name.startswith("MEDMM_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MEDMM_HOME", str(tmp_path / "default-home"))


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chest film made by code, coarse enough to be made often."""
    from medmm.demo.film import Film, write_film

    folder = tmp_path_factory.mktemp("film")
    write_film(folder, film=Film(seed=1, shape=(160, 48, 160), spacing_mm=(1.97, 8.0, 2.4)))
    return folder


@pytest.fixture
def made_film(film_folder: Path) -> Any:
    """The made film as a series."""
    import medmm

    [series] = medmm.read(film_folder).series
    return series
