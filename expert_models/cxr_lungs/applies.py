"""Whether a series is a frontal chest film: by its header first, then by a look at its pixels."""

from expert_models.anatomy import SILENT_PARTS
from expert_models.cxr_lungs import shared
from expert_models.cxr_lungs.film import is_nearly_gray
from expert_models.cxr_lungs.gate import Gate
from medmm.errors import MedmmError
from medmm.nouns import Applicability, Picture, Selection, Series, Study, Upright

MODALITIES = ("DX", "CR", "RG", "XR", "DR")
FEWEST_PIXELS = 96
CHEST_WORDS = ("CHEST", "THORAX", "LUNG")
FRONTAL = ("AP", "PA", "POSTEROANTERIOR", "ANTEROPOSTERIOR")
LATERAL = ("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "ML", "LM")
OBLIQUE = ("RAO", "LAO", "RPO", "LPO", "LLO", "RLO", "OBL", "OBLIQUE")
LYING = ("LLD", "RLD")

REFUSED_BELOW = 0.5
"""Gate scores for a chest film under which a picture is refused."""
DOUBTED_BELOW = 0.9
SURE = 0.9
"""From here on the pixels speak against a header that names another body part."""
TWISTED_FROM = 0.5
"""Gate scores for inverted and turned from which a picture is refused."""

Refusal = str


def selections(study: Study) -> list[Selection]:
    """Every series of a study, each with applies, doubtful or refuses and a reason."""
    return [Selection((series,), judged(series)) for series in study.series]


def judged(series: Series) -> Applicability:
    """The answer for one series; pixels are loaded only if the header allows it."""
    refusal = _by_header(series) or _by_view(series)
    if refusal:
        return Applicability("refuses", refusal)
    try:
        content = series.content
    except MedmmError as error:
        return Applicability("refuses", f"Its pixels cannot be read: {error}")
    if not isinstance(content, Picture):
        return Applicability("refuses", "It is no single picture.")
    refusal = _by_picture(content)
    if refusal:
        return Applicability("refuses", refusal)
    return _by_pixels(series, shared.gate_of(content, upright_of(series)))


def upright_of(series: Series) -> Upright:
    """How the film is brought upright; as stored where the header does not say.

    Only for series that `judged` did not refuse.
    """
    return Upright.of(series.view.patient_orientation) or Upright()


def _by_header(series: Series) -> Refusal:
    if not series.usable:
        return f"The reader refused it: {series.verdict.sentence}".strip()
    if series.modality not in MODALITIES:
        return f"It is {series.modality or 'of no stated modality'}, not a radiograph."
    if series.kind != "picture":
        return f"It is a {series.kind}, not a single film."
    if series.shape and min(series.shape[:2]) < FEWEST_PIXELS:
        rows, columns = series.shape[:2]
        return (
            f"{rows} × {columns} pixels are too few; "
            f"at least {FEWEST_PIXELS} are needed on each side."
        )
    return ""


def _by_view(series: Series) -> Refusal:
    view = series.view
    if _view_words(series) & set(LATERAL):
        return "It is a lateral film by its header; this expert reads frontal ones."
    if _view_words(series) & set(OBLIQUE):
        return f"It is an oblique film by its header ({view.position})."
    if Upright.of(view.patient_orientation) is None:
        told = "\\".join(view.patient_orientation)
        return f"Its header's orientation ({told}) is not that of a frontal film."
    return ""


def _view_words(series: Series) -> set[str]:
    """Words of the view position, and of the description where there is none."""
    told = series.view.position or series.description
    return set("".join(char if char.isalnum() else " " for char in told.upper()).split())


def _by_picture(picture: Picture) -> Refusal:
    array = picture.array
    if min(array.shape[:2], default=0) < FEWEST_PIXELS:
        return f"At least {FEWEST_PIXELS} pixels are needed on each side."
    if array.ndim != 2 and not is_nearly_gray(array):
        return "It is in colour; radiographs are gray."
    return ""


def _by_pixels(series: Series, gate: Gate) -> Applicability:
    score = gate.chest_film
    if score < REFUSED_BELOW:
        said = f" Its header says {series.body_part}." if _named(series) else ""
        return Applicability(
            "refuses", f"Its pixels do not look like a frontal chest film.{said}", score
        )
    if gate.inverted >= TWISTED_FROM:
        return Applicability(
            "refuses",
            "Its brightness looks inverted (air white, bone dark); "
            "give it with the photometric interpretation that it has.",
            score,
        )
    if gate.turned >= TWISTED_FROM:
        return Applicability("refuses", "It looks turned; give it head up.", score)
    if _named(series) and not _says_chest(series) and score < SURE:
        return Applicability("refuses", f"Its header says {series.body_part}.", score)
    doubts = _doubts(series, gate)
    if doubts:
        return Applicability("doubtful", " ".join(doubts), score)
    return Applicability("applies", "It looks like a frontal chest film.", score)


def _doubts(series: Series, gate: Gate) -> list[str]:
    doubts = []
    if gate.chest_film < DOUBTED_BELOW:
        doubts.append("Its pixels look only partly like a frontal chest film.")
    if _named(series) and not _says_chest(series):
        doubts.append(f"Its header says {series.body_part}, its pixels show a chest.")
    if series.view.laterality in ("L", "R"):
        doubts.append(f"Its header says that it shows one side only ({series.view.laterality}).")
    words = _view_words(series)
    if words & set(LYING):
        doubts.append("It was taken with the patient lying on the side; no such film was measured.")
    elif series.view.position and not words & set(FRONTAL):
        doubts.append(f"Its header's view ({series.view.position}) is not known to be frontal.")
    return doubts


def _named(series: Series) -> bool:
    return _part(series) not in SILENT_PARTS


def _says_chest(series: Series) -> bool:
    return any(word in _part(series) for word in CHEST_WORDS)


def _part(series: Series) -> str:
    return "".join(char for char in series.body_part.upper() if char.isalnum())
