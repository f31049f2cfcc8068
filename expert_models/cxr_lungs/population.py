"""Whether the patient is one of those that the net was trained and measured on."""

from datetime import date

from medmm.nouns import Series

CHILD_YEARS = (1.0, 5.0)
ADULT_YEARS = 18.0
_UNITS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}

# No disease is named: a report is searched by its words, and these are about nobody's lungs.
CHILDREN = (
    "The net was measured on children of 1 to 5 years of one hospital, healthy or with one group "
    "of diagnoses (its card names them); films unlike those are unmeasured."
)
ADULTS = (
    "The net was measured on 38 films of adults, nearly all of one hospital and one diagnosis "
    "(its card names them); films unlike those are unmeasured."
)
BETWEEN = (
    "The patient is {age}: the net was trained and measured on children of 1 to 5 years and on "
    "adults, so the outlines at this age are unmeasured."
)
UNKNOWN = (
    "The patient's age is not known: the net was trained and measured on children of 1 to 5 years "
    "and on 38 films of adults, nearly all of one diagnosis (its card names it)."
)


def sentence(series: Series) -> str:
    """What is to be said of the patient's age and of whom the net was measured on."""
    years = age_years(series)
    if years is None:
        return UNKNOWN
    if years >= ADULT_YEARS:
        return ADULTS
    if CHILD_YEARS[0] <= years < CHILD_YEARS[1] + 1:
        return CHILDREN
    whole = int(years)
    age = "under one year old" if whole < 1 else f"{whole} years old"
    return BETWEEN.format(age=age)


def age_years(series: Series) -> float | None:
    """Years at the time of the film: from PatientAge, else from birth and study date."""
    patient = series.origin.patient
    text = patient.age.strip().upper()
    if len(text) >= 2 and text[-1] in _UNITS and text[:-1].isdigit():
        return int(text[:-1]) * _UNITS[text[-1]]
    try:
        born = date.fromisoformat(patient.birth_date[:10])
        taken = date.fromisoformat(series.origin.date[:10])
    except ValueError:
        return None
    days = (taken - born).days
    return days / 365.25 if days >= 0 else None
