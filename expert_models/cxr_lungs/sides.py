"""Which lung is the patient's right one: from the header where it says, else from the hanging."""

from dataclasses import dataclass

from medmm.nouns import Upright

MIRRORED_FROM = 0.5
"""Gate scores for "mirrored" from which sides are doubted; the rates are in the card."""

BY_HEADER = (
    "Right and left follow the header's orientation of the film ({told}); "
    "the net itself knows only sides of the image."
)
BY_HANGING = (
    "The header does not give the film's orientation: right and left are those of a film hung as "
    "if the patient were faced, the image's left being the patient's right."
)
MIRRORED = (
    "The heart or a side marker looks mirrored, so right and left may be the wrong way round{but}."
)


@dataclass(frozen=True, slots=True)
class Sides:
    """What stands behind right and left, and whether the pixels speak against it."""

    sentence: str
    doubtful: bool
    doubt: str = ""


def sides_of(upright: Upright, orientation: tuple[str, ...], mirrored: float) -> Sides:
    """The sides of an upright film, the image's left being the patient's right.

    ``mirrored`` is the gate's score.
    """
    told = "\\".join(orientation)
    sentence = BY_HEADER.format(told=told) if upright.told else BY_HANGING
    if mirrored < MIRRORED_FROM:
        return Sides(sentence, doubtful=False)
    but = ", whatever the header says" if upright.told else ""
    return Sides(sentence, doubtful=True, doubt=MIRRORED.format(but=but))
