"""A prior is an earlier study of the same patient, or it is no prior."""

from dataclasses import replace

import pytest

from medmm.drafting.priors import judged_prior
from medmm.errors import InputError
from medmm.nouns import Patient
from tests.drafting.builders import study

NOW = replace(study(date="2026-03-14", uid="1.2.3"), patient=Patient("P1", sex="F"))
BEFORE = replace(study(date="2025-09-10", uid="1.2.9"), patient=Patient("P1", sex="F"))


def test_an_earlier_study_of_the_same_patient_is_taken_without_a_word() -> None:
    assert judged_prior(NOW, BEFORE) == ""


@pytest.mark.parametrize(
    ("prior", "code"),
    [
        (NOW, "own-prior"),
        (replace(BEFORE, patient=Patient("P2")), "other-patient"),
        (replace(BEFORE, patient=Patient("P1", sex="M")), "other-patient"),
        (replace(BEFORE, date="2026-03-15"), "later-prior"),
    ],
)
def test_what_is_no_prior_is_refused(prior, code) -> None:
    with pytest.raises(InputError) as caught:
        judged_prior(NOW, prior)
    assert caught.value.code == code


def test_a_prior_whose_patient_nobody_knows_is_taken_with_a_warning() -> None:
    assert "PatientID is missing" in judged_prior(NOW, replace(BEFORE, patient=Patient()))
