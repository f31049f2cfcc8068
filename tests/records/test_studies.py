"""Studies are kept once, better readings replace worse ones, and conflicts are told."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select

from medmm.errors import InputError, NotFoundError, PixelError
from medmm.nouns import Content, Document, Patient, Series, Volume
from medmm.records import integrity, studies
from medmm.records.tables import FileRow, PatientRow, SeriesRow, StudyRow
from tests.records.builders import JANE, numbered_study, refused_series, series, study, volume
from tests.records.conftest import Opened


def outcomes(saved: studies.Saved) -> list[str]:
    return [one.outcome for one in saved.series]


def rows(opened: Opened, table: type) -> int:
    with opened.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_loaded_study_is_the_study_that_was_saved(opened: Opened) -> None:
    given = study(series(), refused_series(number=4))
    saved = studies.save_study(opened.database, opened.home, given)
    loaded = studies.load_study(opened.database, opened.home, saved.study_id)
    assert loaded.id == saved.study_id
    assert (loaded.uid, loaded.patient, loaded.date) == (given.uid, given.patient, given.date)
    assert loaded.description == given.description
    for got, wanted in zip(loaded.series, given.series, strict=True):
        for name in set(vars(wanted)) - {"load", "content"}:
            assert getattr(got, name) == getattr(wanted, name), name
    content = loaded.series[0].content
    assert isinstance(content, Volume)
    assert np.array_equal(content.array, volume().array)
    assert np.array_equal(content.affine_lps, volume().affine_lps)


def test_the_same_study_twice_changes_nothing(opened: Opened) -> None:
    first = studies.save_study(opened.database, opened.home, study(series(), refused_series()))
    tables = (PatientRow, StudyRow, SeriesRow, FileRow)
    before = [rows(opened, table) for table in tables]
    files = sorted(opened.home.pixels.folder.iterdir())
    again = studies.save_study(opened.database, opened.home, study(series(), refused_series()))
    assert (first.new, again.new) == (True, False)
    assert again.study_id == first.study_id
    assert [one.id for one in again.series] == [one.id for one in first.series]
    assert (outcomes(first), outcomes(again)) == (["new", "new"], ["known", "known"])
    assert [rows(opened, table) for table in tables] == before
    assert sorted(opened.home.pixels.folder.iterdir()) == files


def test_more_slices_replace_fewer_and_the_earlier_revision_stays(opened: Opened) -> None:
    first = studies.save_study(opened.database, opened.home, study(series(slices=4)))
    more = studies.save_study(opened.database, opened.home, study(series(slices=7)))
    assert outcomes(more) == ["superseded"]
    loaded = studies.load_study(opened.database, opened.home, first.study_id)
    assert loaded.series[0].shape[0] == 7
    with opened.database.read() as session:
        kept = session.get_one(SeriesRow, first.series[0].id)
        assert kept.superseded is not None
        assert opened.home.pixels.path(kept.content["array"], ".npy").is_file()
    fewer = studies.save_study(opened.database, opened.home, study(series(slices=4)))
    assert outcomes(fewer) == ["known"]
    assert fewer.series[0].id == more.series[0].id


@pytest.mark.parametrize("slices", [6, 8, 4])
def test_other_pixels_under_the_same_uids_are_refused(opened: Opened, slices: int) -> None:
    studies.save_study(opened.database, opened.home, study(series(slices=6)))
    other = studies.save_study(opened.database, opened.home, study(series(slices=slices, seed=5)))
    assert outcomes(other) == ["conflict"]
    assert "other pixels" in other.series[0].reason
    content = studies.load_study(opened.database, opened.home, 1).series[0].content
    assert isinstance(content, Volume)
    assert np.array_equal(content.array, volume(6).array)


def test_other_geometry_under_the_same_uids_is_refused(opened: Opened) -> None:
    studies.save_study(opened.database, opened.home, study())
    moved = replace(volume(), affine_lps=np.diag([1.0, 2.0, 3.0, 1.0]))
    saved = studies.save_study(opened.database, opened.home, study(series(content=moved)))
    assert outcomes(saved) == ["conflict"]


def test_two_halves_of_a_series_are_not_silently_taken_for_the_whole(opened: Opened) -> None:
    studies.save_study(opened.database, opened.home, study(series(slices=4)))
    other = series(slices=4, seed=1, sop_uids=("a", "b", "c", "d"))
    saved = studies.save_study(opened.database, opened.home, study(other))
    assert outcomes(saved) == ["conflict"]
    assert "ingest all of its files together" in saved.series[0].reason


def test_a_refused_series_keeps_its_verdict_and_no_pixels(opened: Opened) -> None:
    saved = studies.save_study(opened.database, opened.home, study(refused_series()))
    loaded = studies.load_study(opened.database, opened.home, saved.study_id).series[0]
    assert loaded.verdict.reasons[0].code == "missing-slice"
    assert loaded.verdict.dropped[0].file == "/cd/IM0099"
    assert list(opened.home.pixels.folder.iterdir()) == []
    with pytest.raises(InputError, match=r"A slice is missing\.") as told:
        loaded.load()
    assert told.value.code == "missing-slice"


def test_a_series_refused_before_is_replaced_once_it_reads(opened: Opened) -> None:
    studies.save_study(opened.database, opened.home, study(refused_series("1.2.3.1")))
    saved = studies.save_study(opened.database, opened.home, study(series()))
    assert outcomes(saved) == ["superseded"]
    back = studies.save_study(opened.database, opened.home, study(refused_series("1.2.3.1")))
    assert outcomes(back) == ["conflict"]
    assert "A slice is missing" in back.series[0].reason
    assert studies.load_study(opened.database, opened.home, 1).series[0].usable


def test_pixels_that_cannot_be_read_become_a_refusal(opened: Opened) -> None:
    def broken() -> Content:
        raise PixelError("IM0001 cannot be decoded.", code="bad-pixels", tag="PixelData")

    given = study(series(), series("1.2.3.2", load=broken))
    saved = studies.save_study(opened.database, opened.home, given)
    assert [one.verdict.status for one in saved.series] == ["usable", "refused"]
    loaded = studies.load_study(opened.database, opened.home, saved.study_id)
    assert loaded.series[1].verdict.reasons[-1].code == "bad-pixels"


def test_saving_does_not_keep_pixels_in_memory(opened: Opened) -> None:
    given = study(series())
    studies.save_study(opened.database, opened.home, given)
    assert "content" not in vars(given.series[0])


def test_a_document_is_kept_in_the_files(opened: Opened) -> None:
    text = Document("Befund: unauffällig.", "Report", "text/plain", ("Befund",))
    given = study(series(content=text, kind="document", sop_uids=(), units="", affine_lps=None))
    saved = studies.save_study(opened.database, opened.home, given)
    loaded = studies.load_study(opened.database, opened.home, saved.study_id)
    assert loaded.series[0].content == text
    assert integrity.check(opened.database, opened.home, hashes=True) == []


def test_a_study_is_found_by_number_and_by_uid(opened: Opened) -> None:
    saved = studies.save_study(opened.database, opened.home, study())
    assert studies.find_study(opened.database, str(saved.study_id)) == saved.study_id
    assert studies.find_study(opened.database, " 1.2.3 ") == saved.study_id


def test_a_study_that_is_not_there_is_told(opened: Opened) -> None:
    studies.save_study(opened.database, opened.home, study())
    for name in ("2", "0", "1.2.4", "", "99999999999999999999", "one", "-1", "٣", "1\0", "\udc80"):
        with pytest.raises(NotFoundError):
            studies.find_study(opened.database, name)


def test_one_uid_of_two_patients_is_two_studies_and_ambiguous(opened: Opened) -> None:
    other = replace(JANE, id="MR-4712", name="ROE^RICHARD", sex="M")
    first = studies.save_study(opened.database, opened.home, study())
    second = studies.save_study(opened.database, opened.home, study(patient=other))
    assert first.study_id != second.study_id
    with pytest.raises(InputError, match="1, 2"):
        studies.find_study(opened.database, "1.2.3")


LISTED: list[tuple[str, list[int]]] = [
    ("", [3, 2, 1]),
    ("jane", [1]),
    ("DOE^JANE", [1]),
    ("jane doe", [1]),
    ("mr-4711", [1]),
    ("chest ct", [3, 2, 1]),
    ("case^7", [2]),
    ("1.2.9.8", [3]),
    ("2024-05-06 thorax", [3, 2, 1]),
    ("%", []),
    ("_", []),
    ("J_NE", []),
    ("\\", []),
    ("mr jane mammo", []),
]


def test_studies_are_listed_by_every_word(opened: Opened) -> None:
    database = opened.database
    for given in (study(), numbered_study(7), numbered_study(8)):
        studies.save_study(database, opened.home, given)
    found = [
        (query, [one.id for one in studies.list_studies(database, query)]) for query, _ in LISTED
    ]
    assert found == LISTED


def test_letters_with_accents_are_found_without_and_in_capitals(opened: Opened) -> None:
    patient = Patient("77", "Äneas^ÉLODIE=李^明")
    studies.save_study(opened.database, opened.home, study(patient=patient))
    for query in ("aneas", "ÄNEAS", "élodie", "李"):
        assert len(studies.list_studies(opened.database, query)) == 1, query


def test_a_summary_shows_what_the_study_holds(opened: Opened) -> None:
    parts = (series(), series("1.2.3.2", modality="SR", body_part=""), refused_series())
    studies.save_study(opened.database, opened.home, study(*parts))
    (one,) = studies.list_studies(opened.database)
    assert (one.patient, one.modalities, one.body_parts) == (JANE, ("CT", "SR"), ("CHEST",))
    assert (one.series_count, one.report_ids) == (3, ())
    assert studies.list_studies(opened.database, limit=0) == []


def test_text_that_no_database_holds_is_kept_readable(opened: Opened) -> None:
    patient = Patient("I\0D-9", "BAD\0NAME\udcff", birth_date="1970-01-01")
    header = {"Comment": "a\0b\udc80"}
    files = ("/cd/\udce4.dcm",)
    given = study(series(header=header, files=files), patient=patient)
    first = studies.save_study(opened.database, opened.home, given)
    assert studies.save_study(opened.database, opened.home, given).study_id == first.study_id
    loaded = studies.load_study(opened.database, opened.home, first.study_id)
    assert loaded.patient.name == "BAD\ufffdNAME\ufffd"
    assert dict(loaded.series[0].header) == header
    assert loaded.series[0].files == files


def test_series_come_back_in_the_order_of_their_numbers(opened: Opened) -> None:
    numbers: list[int | None] = [None, 12, 2]
    parts: list[Series] = [
        series(f"1.2.3.{index}", number=number) for index, number in enumerate(numbers)
    ]
    studies.save_study(opened.database, opened.home, study(*parts))
    loaded = studies.load_study(opened.database, opened.home, 1)
    assert [one.number for one in loaded.series] == [2, 12, None]


def test_a_study_that_is_not_there_cannot_be_loaded(opened: Opened) -> None:
    with pytest.raises(NotFoundError, match="5"):
        studies.load_study(opened.database, opened.home, 5)
