"""Whether an earlier study may be compared: the same patient, another study, not a later one."""

from medmm.errors import InputError
from medmm.nouns import Study


def judged_prior(study: Study, prior: Study) -> str:
    """A warning for the draft if nobody can tell whose the prior is, else nothing.

    Raises:
        InputError: it is the same study, a later one, or another patient's.
    """
    if prior.uid == study.uid:
        raise InputError(
            "A study cannot be its own prior.", "Name an earlier study.", code="own-prior"
        )
    differing = [
        name
        for name, one, other in (
            ("PatientID", study.patient.id, prior.patient.id),
            ("birth date", study.patient.birth_date, prior.patient.birth_date),
            ("sex", study.patient.sex, prior.patient.sex),
        )
        if one.strip() and other.strip() and one.strip() != other.strip()
    ]
    if differing:
        raise InputError(
            f"The prior is another patient's: {' and '.join(differing)} differ.",
            "Name an earlier study of this patient.",
            code="other-patient",
        )
    if study.date and prior.date and prior.date[:10] > study.date[:10]:
        raise InputError(
            f"The prior of {prior.date[:10]} is later than the study of {study.date[:10]}.",
            "Name an earlier study.",
            code="later-prior",
        )
    if not (study.patient.id.strip() and prior.patient.id.strip()):
        return (
            "Nothing proves that the prior is of the same patient: a PatientID is missing. "
            "Make sure of it before a comparison is believed."
        )
    return ""
