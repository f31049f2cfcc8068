"""Whether the patient is of the ages that the net was trained and measured on."""

from datetime import date

from medmm.nouns import Series

CHILD_YEARS = (1.0, 5.0)
ADULT_YEARS = 18.0
_UNITS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}

ADULTS = (
    "Adult films were measured on 38 films only, nearly all of COVID-19 and of one "
    "hospital; films unlike those are unmeasured."
)
BETWEEN = (
    "The patient is {age}: the net was trained and measured on children of 1 to 5 years and on "
    "adults, so the outlines at this age are unmeasured."
)
UNKNOWN = (
    "The patient's age is not known: the net was trained and measured on children of 1 to 5 years "
    "and on 38 films of adults, nearly all with COVID-19."
)


def sentence(series: Series) -> str:
    """What is to be said of the patient's age; empty for children of the trained ages."""
    years = age_years(series)
    if years is None:
        return UNKNOWN
    if years >= ADULT_YEARS:
        return ADULTS
    if CHILD_YEARS[0] <= years < CHILD_YEARS[1] + 1:
        return ""
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
