"""Two studies belong to one patient only on strong grounds."""

from dataclasses import replace

import pytest

from medmm.nouns import Patient
from medmm.records import studies
from medmm.records.patients import is_placeholder, same_name
from tests.records.builders import JANE, series, study
from tests.records.conftest import Opened


def save(opened: Opened, patient: Patient, uid: str, issuer: str = "") -> studies.Saved:
    header = {"IssuerOfPatientID": issuer} if issuer else {}
    given = study(series(f"{uid}.1", header=header), patient=patient, uid=uid)
    return studies.save_study(opened.database, opened.home, given)


def others(opened: Opened, saved: studies.Saved) -> list[int]:
    return [one.id for one in studies.studies_of_patient(opened.database, saved.study_id)]


@pytest.mark.parametrize(
    "later",
    [
        JANE,
        replace(JANE, age="064Y"),
        replace(JANE, name="Doe^Jane^^^"),
        replace(JANE, name="DOE^ JANE "),
        replace(JANE, sex=""),
    ],
)
def test_a_person_is_known_again(opened: Opened, later: Patient) -> None:
    first = save(opened, JANE, "1.2.3")
    second = save(opened, later, "1.2.4")
    assert others(opened, second) == [first.study_id]
    assert second.warnings == ()


@pytest.mark.parametrize(
    "other",
    [
        replace(JANE, name="ROE^JANE"),
        replace(JANE, birth_date="1961-03-02"),
        replace(JANE, birth_date=""),
        replace(JANE, name=""),
        replace(JANE, sex="M"),
    ],
)
def test_one_id_with_other_facts_is_kept_apart_and_told(opened: Opened, other: Patient) -> None:
    save(opened, JANE, "1.2.3")
    second = save(opened, other, "1.2.4")
    assert others(opened, second) == []
    assert "same PatientID" in second.warnings[0]
    assert JANE.name not in second.warnings[0]


def test_one_id_of_two_issuers_is_two_patients(opened: Opened) -> None:
    save(opened, JANE, "1.2.3", issuer="NORTH")
    assert others(opened, save(opened, JANE, "1.2.4", issuer="SOUTH")) == []
    assert len(others(opened, save(opened, JANE, "1.2.5", issuer="NORTH"))) == 1


SHARED = ("", " ", "ANONYMOUS", "anon", "Anonymized", "0000", "111111", "123456", "N/A", "xxx", "7")


def test_an_id_that_many_share_merges_nobody(opened: Opened) -> None:
    for number, shared in enumerate(SHARED):
        patient = Patient(shared, shared)
        save(opened, patient, f"1.2.3.{number}")
        assert others(opened, save(opened, patient, f"1.2.4.{number}")) == [], shared


def test_a_real_id_is_no_placeholder() -> None:
    assert all(is_placeholder(shared) for shared in SHARED)
    for real in ("LUNG1-001", "MR-4711", "P000001", "20240506", "ANNA12", "10234"):
        assert not is_placeholder(real), real


def test_within_a_study_an_empty_fact_contradicts_nothing(opened: Opened) -> None:
    first = save(opened, JANE, "1.2.3")
    again = save(opened, replace(JANE, name="", birth_date=""), "1.2.3")
    assert again.study_id == first.study_id


@pytest.mark.parametrize(
    "other", [replace(JANE, name="ROE^JANE"), replace(JANE, birth_date="1999-09-09")]
)
def test_within_a_study_uid_another_person_is_another_study(opened: Opened, other: Patient) -> None:
    first = save(opened, JANE, "1.2.3")
    second = save(opened, other, "1.2.3")
    assert second.study_id != first.study_id
    assert others(opened, second) == []


def test_names_are_compared_by_their_components() -> None:
    assert same_name("DOE^JANE^^^", "doe^jane")
    assert same_name("Mu\u0308ller^A", "M\u00fcller^A")
    assert same_name("DOE^JANE==", "DOE^JANE")
    assert not same_name("DOE^JANE", "DOE^J")
    assert not same_name("DOE^JANE", "DOE JANE")
