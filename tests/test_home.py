"""Files get their names only when they are whole, and a disk's refusal is told with its mend."""

import hashlib
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medmm import home as home_module
from medmm.errors import NotFoundError, StorageError
from medmm.home import FileStore, network_file_system, prepare


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "medmm-test", folder],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)


def test_a_file_is_kept_under_its_hash(store: FileStore) -> None:
    kept = store.put(b"bytes", ".png")
    assert kept.sha256 == hashlib.sha256(b"bytes").hexdigest()
    assert kept.path == store.folder / f"{kept.sha256}.png"
    assert kept.path.read_bytes() == b"bytes"
    assert store.path(kept.sha256, ".png") == kept.path


def test_the_same_bytes_are_written_once(store: FileStore) -> None:
    first = store.put(b"bytes")
    before = first.path.stat()
    again = store.put(b"bytes")
    assert again == first
    assert again.path.stat().st_ino == before.st_ino
    assert len(list(store.folder.iterdir())) == 1


def test_a_kept_file_of_another_size_is_written_again(store: FileStore) -> None:
    kept = store.put(b"bytes")
    kept.path.write_bytes(b"byt")
    assert store.put(b"bytes").path.read_bytes() == b"bytes"


def test_an_array_has_the_hash_of_its_file(store: FileStore) -> None:
    array = np.arange(12, dtype=">i2").reshape(3, 4)
    kept = store.put_array(array)
    assert kept.sha256 == hashlib.sha256(kept.path.read_bytes()).hexdigest()
    loaded = store.array(kept.sha256)
    assert loaded.dtype == array.dtype
    assert np.array_equal(loaded, array)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1, 1)])
def test_small_and_empty_arrays_keep_their_shape(store: FileStore, shape: tuple[int, ...]) -> None:
    loaded = store.array(store.put_array(np.zeros(shape, np.float32)).sha256)
    assert (loaded.shape, loaded.dtype) == (shape, np.float32)


def test_shape_and_type_are_part_of_an_arrays_hash(store: FileStore) -> None:
    zeros = np.zeros(8, np.int16)
    different = [zeros, zeros.reshape(2, 4), zeros.view(np.uint16), zeros.view(np.int32)]
    assert len({store.put_array(array).sha256 for array in different}) == 4


def test_a_writer_that_fails_leaves_nothing(store: FileStore) -> None:
    def fill(file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(fill)
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize("moment", ["os.fsync", "os.replace"])
def test_a_writer_killed_before_the_rename_leaves_no_real_name(tmp_path: Path, moment: str) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from medmm.home import FileStore\n"
        f"{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "FileStore(Path(sys.argv[1])).put(b'x' * 1_000_000)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path], check=False).returncode == -9
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]


def test_a_missing_file_is_told(store: FileStore) -> None:
    with pytest.raises(NotFoundError, match="missing from the home"):
        store.path("0" * 64)


def test_a_full_disk_is_told_and_leaves_no_part(small_disk: Path) -> None:
    home = prepare(small_disk / "home")
    kept = home.files.put(b"kept")
    with pytest.raises(StorageError, match="No space left") as told:
        home.files.put(os.urandom(8 << 20))
    assert told.value.exit_code == 5
    assert "Free space" in told.value.mend
    assert list(home.files.folder.iterdir()) == [kept.path]
    remount(small_disk, "size=32m")
    assert home.files.put(os.urandom(8 << 20)).path.is_file()


def test_a_read_only_home_is_told(small_disk: Path) -> None:
    home = prepare(small_disk / "home")
    remount(small_disk, "ro")
    for use in (lambda: prepare(small_disk / "home"), lambda: home.files.put(b"new")):
        with pytest.raises(StorageError, match="Read-only") as told:
            use()
        assert "--home" in told.value.mend


def test_a_file_over_the_limit_is_told(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from medmm.errors import StorageError\n"
        "from medmm.home import FileStore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        "    FileStore(Path(sys.argv[1])).put(b'x' * 10_000)\n"
        "except StorageError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], check=True, capture_output=True, text=True
    )
    assert "File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_new_home_is_private_with_all_its_folders(tmp_path: Path) -> None:
    home = prepare(tmp_path / "new" / "home")
    for folder in (home.path, *(home.path / name for name in home_module.FOLDERS)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = home.files.put(b"x")
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_a_file_in_the_homes_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageError, match="home"):
        prepare(tmp_path / "home")


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    home = prepare(tmp_path)
    order: list[str] = []

    def second() -> None:
        with home.lock("work"):
            order.append("second")

    with home.lock("work"), home.lock("other"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /mnt/share nfs4 rw 0 0
/dev/sdb1 /mnt/share/local ext4 rw 0 0
//server/c /mnt/with\\040space cifs rw 0 0
me@host:/ /home/me/far fuse.sshfs rw 0 0
tmpfs /mnt/covered nfs rw 0 0
tmpfs /mnt/covered tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/medmm", ""),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/medmm", "nfs4"),
        ("/mnt/shared", ""),
        ("/mnt/share/local/medmm", ""),
        ("/mnt/with space/medmm", "cifs"),
        ("/home/me/far/medmm", "fuse.sshfs"),
        ("/mnt/covered/medmm", ""),
    ],
)
def test_network_file_systems_are_seen(folder: str, kind: str) -> None:
    assert network_file_system(Path(folder), MOUNTS) == kind


def test_this_tests_folder_is_local(tmp_path: Path) -> None:
    assert network_file_system(tmp_path) == ""


def test_a_file_outside_the_home_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    home_module.write_whole(target, b"one")
    home_module.write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(StorageError):
        home_module.write_whole(tmp_path / "no" / "report.json", b"one")
