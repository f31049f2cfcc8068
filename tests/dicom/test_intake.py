"""Folders, files and zips of any content become studies and a list of what was left out."""

import gc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from medmm.dicom import intake
from medmm.dicom.intake import Intake
from medmm.dicom.reader import DicomReader
from medmm.errors import NotFoundError
from medmm.nouns import Facts
from tests.dicom.synthetic import CLOSE_MM, cuts, rewrite, write


def take(*sources: Path, facts: Facts | None = None) -> Intake:
    return intake.read(sources, {"dicom": DicomReader()}, facts or Facts())


def test_a_folder_of_two_patients_gives_two_studies(tmp_path: Path) -> None:
    write(tmp_path, cuts(5) + cuts(6, identity="B"))
    taken = take(tmp_path)
    assert sorted(study.patient.id for study in taken.studies) == ["ID-A", "ID-B"]
    assert taken.skipped == ()
    assert taken.seconds > 0


def test_an_empty_folder_gives_no_study(tmp_path: Path) -> None:
    taken = take(tmp_path)
    assert (taken.studies, taken.skipped) == ((), ())


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no-such"):
        take(tmp_path / "no-such")


def test_other_files_are_skipped_with_what_they_are(tmp_path: Path) -> None:
    write(tmp_path / "series", cuts(4))
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "fake.dcm").write_text("this is text")
    (tmp_path / "noise.dcm").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "nothing").write_bytes(b"")
    taken = take(tmp_path)
    reasons = {Path(one.file).name: one.reason for one in taken.skipped}
    assert reasons == {
        "README.md": "a text file",
        "fake.dcm": "a text file named as DICOM",
        "noise.dcm": "it is not DICOM, whatever its name says",
        "nothing": "it is empty",
    }
    assert taken.studies[0].usable


def test_a_broken_header_beside_a_series_is_skipped_and_said_of_the_series(tmp_path: Path) -> None:
    write(tmp_path, cuts(6))
    broken = tmp_path / "im0005.dcm"
    broken.write_bytes(broken.read_bytes()[:300])
    taken = take(tmp_path)
    assert [Path(one.file).name for one in taken.skipped] == ["im0005.dcm"]
    (series,) = taken.series
    assert "unread_neighbours" in {reason.code for reason in series.verdict.reasons}


def test_a_single_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, cuts(3))
    (series,) = take(tmp_path / "im0001.dcm").series
    assert series.kind == "picture"
    assert series.spacing_mm == (0.8, 0.7)


def test_a_zip_reads_like_its_folder_for_as_long_as_a_series_is_kept(tmp_path: Path) -> None:
    truth = write(tmp_path / "in", cuts(6))
    (tmp_path / "in" / "note.txt").write_text("hello")
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted((tmp_path / "in").iterdir()):
            zipped.write(path, f"a/{path.name}")
    taken = take(archive)
    assert [one.file for one in taken.skipped] == [f"{archive}#a/note.txt"]
    (series,) = taken.series
    folder = Path(series.files[0]).parent
    del taken
    gc.collect()
    assert truth.error_mm(series.content) < CLOSE_MM  # type: ignore[arg-type]
    del series
    gc.collect()
    assert not folder.exists()


def test_members_of_a_zip_that_lead_out_of_it_are_listed(tmp_path: Path) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("../outside.dcm", b"x")
    taken = take(archive)
    assert len(taken.skipped) == 1
    assert "outside.dcm" in taken.skipped[0].file
    assert not (tmp_path / "outside.dcm").exists()


def test_a_broken_zip_is_skipped(tmp_path: Path) -> None:
    archive = tmp_path / "cut.zip"
    archive.write_bytes(b"PK\x03\x04 and no more")
    assert [Path(one.file).name for one in take(archive).skipped] == ["cut.zip"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "in", cuts(4))
    write(tmp_path / "out", cuts(4, identity="B"))
    (tmp_path / "in" / "link.dcm").symlink_to(tmp_path / "out" / "im0000.dcm")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    taken = take(tmp_path / "in")
    assert [study.patient.id for study in taken.studies] == ["ID-A"]
    assert sorted(Path(one.file).name for one in taken.skipped) == ["link.dcm", "loop"]


def test_one_series_over_two_folders_is_joined(tmp_path: Path) -> None:
    truth = write(tmp_path, cuts(10))
    (tmp_path / "second").mkdir()
    for number in range(0, 10, 2):
        path = tmp_path / f"im{number:04d}.dcm"
        path.rename(tmp_path / "second" / path.name)
    (series,) = take(tmp_path).series
    assert series.shape[0] == 10
    assert truth.error_mm(series.content) < CLOSE_MM  # type: ignore[arg-type]


def test_halves_given_apart_keep_keys_of_their_own(tmp_path: Path) -> None:
    slices = cuts(10)
    for number, cut in enumerate(slices):
        cut.name = f"{'ab'[number // 5]}-{number}.dcm"
    write(tmp_path / "all", slices)
    for half in "ab":
        (tmp_path / half).mkdir()
        for path in (tmp_path / "all").glob(f"{half}-*"):
            path.rename(tmp_path / half / path.name)
    found = take(tmp_path / "a", tmp_path / "b").series
    assert len({one.key for one in found}) == 2
    assert "given_apart" in {reason.code for one in found for reason in one.verdict.reasons}


def test_a_source_given_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, cuts(4))
    assert len(take(tmp_path, tmp_path / "im0000.dcm", tmp_path).series) == 1


def test_names_of_files_do_not_change_the_outcome(tmp_path: Path) -> None:
    write(tmp_path / "one", cuts(8))
    slices = cuts(8)
    for cut, place in zip(slices, np.random.default_rng(7).permutation(8), strict=True):
        cut.name = f"z{place}.dcm"
    write(tmp_path / "two", slices)
    (first,), (second,) = take(tmp_path / "one").series, take(tmp_path / "two").series
    assert (first.key, first.affine_lps) == (second.key, second.affine_lps)
    np.testing.assert_array_equal(first.content.array, second.content.array)  # type: ignore[union-attr]


def test_facts_stand_in_only_where_the_file_is_silent(tmp_path: Path) -> None:
    write(tmp_path, cuts(3))
    (series,) = take(tmp_path, facts=Facts(modality="MR", body_part="chest")).series
    assert (series.modality, series.body_part) == ("CT", "CHEST")


def test_text_of_the_header_is_clean_and_dates_are_iso(tmp_path: Path) -> None:
    write(tmp_path, cuts(3))
    for path in tmp_path.iterdir():
        rewrite(
            path,
            SpecificCharacterSet="ISO_IR 192",
            SeriesDescription="Tho\u202erax\x1b[31m CT",
            StudyTime="093011.5",
            PatientSex="F",
        )
    (series,) = take(tmp_path).series
    assert series.description == "Thorax[31m CT"
    assert series.origin.date == "2024-01-02T09:30:11"
    assert series.origin.patient.birth_date == "1950-01-02"
    assert "PatientName" not in series.header


def test_a_uid_that_is_no_uid_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, cuts(3))
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        uid = take(path).series[0].uid.encode()
        path.write_bytes(data.replace(uid, b"../../etc/passwd".ljust(len(uid), b"x")))
    (series,) = take(tmp_path).series
    assert series.uid.startswith("2.25.")
    assert series.shape[0] == 3
