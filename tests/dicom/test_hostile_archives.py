"""Archives are unpacked inside their folder and within their budget, or say why not."""

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.dicom.hostile.archives import unpack
from medmm.dicom.hostile.budget import Budget
from medmm.errors import InputError, LimitError


def archive(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "made.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def into(folder: Path) -> Path:
    target = folder / "out"
    target.mkdir(exist_ok=True)
    return target


def everything_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_dir()}


def test_members_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a/b/1.dcm": b"one", "a/2.dcm": b"two" * 10000, "empty": b""})
    unpacked = unpack(path, into(tmp_path))
    names = {str(file.relative_to(tmp_path / "out")) for file in unpacked.files}
    assert names == {"a/b/1.dcm", "a/2.dcm", "empty"}
    assert (tmp_path / "out/a/2.dcm").read_bytes() == b"two" * 10000
    assert unpacked.refused == ()


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "a/" * 3 + "..",
     "x\x1b[1mevil", "n" * 300],
)  # fmt: skip
def test_names_that_lead_out_stay_in(tmp_path: Path, name: str) -> None:
    unpacked = unpack(archive(tmp_path, {name: b"evil", "good": b"good"}), into(tmp_path))
    assert [file.name for file in unpacked.files] == ["good"]
    assert len(unpacked.refused) == 1
    assert everything_below(tmp_path) == {tmp_path / "made.zip", tmp_path / "out/good"}


def test_links_stay_in(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as file:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("link/passwd", b"x")
    unpacked = unpack(path, into(tmp_path))
    assert [dropped.reason for dropped in unpacked.refused] == ["is a link"]
    assert not any(member.is_symlink() for member in (tmp_path / "out").rglob("*"))


def test_archives_inside_stay_in_and_are_listed(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    inner = archive(tmp_path / "inner", {"x": b"x"}).read_bytes()
    unpacked = unpack(archive(tmp_path, {"viewer.bin": inner, "1.dcm": b"one"}), into(tmp_path))
    assert [file.name for file in unpacked.files] == ["1.dcm"]
    assert "viewer.bin" in unpacked.refused[0].file


def test_a_bomb_is_stopped_while_it_inflates(tmp_path: Path) -> None:
    path = archive(tmp_path, {"zeros": bytes(64 * 2**20)})
    with pytest.raises(LimitError) as caught:
        unpack(path, into(tmp_path))
    assert caught.value.code == "inflation"
    assert sum(file.stat().st_size for file in everything_below(tmp_path / "out")) <= 17 * 2**20


def test_many_small_bombs_are_counted_together(tmp_path: Path) -> None:
    path = archive(tmp_path, {f"{number}": bytes(4 * 2**20) for number in range(12)})
    with pytest.raises(LimitError):
        unpack(path, into(tmp_path))


def test_too_many_members_are_refused_before_any_comes_out(tmp_path: Path) -> None:
    path = archive(tmp_path, {f"{number}": b"" for number in range(30)})
    with pytest.raises(LimitError) as caught:
        unpack(path, into(tmp_path), Budget(archive_files=20))
    assert caught.value.code == "archive-files"
    assert everything_below(tmp_path / "out") == set()


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a": b"secret"})
    data = bytearray(path.read_bytes())
    for magic, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(magic) + place] |= 1
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        unpack(path, into(tmp_path))
    assert caught.value.code == "encrypted"


@settings(max_examples=150, derandomize=True, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2**12), st.integers(0, 255)), max_size=6),
       cut=st.integers(0, 600))  # fmt: skip
def test_a_damaged_archive_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = archive(folder, {"a/1": b"one" * 50, "b": b"two"})
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data[: len(data) - cut] if cut < 200 else data)
    try:
        unpack(path, into(folder))
    except InputError as error:
        assert error.code  # noqa: PT017
    assert everything_below(folder) - {path} == everything_below(folder / "out")
