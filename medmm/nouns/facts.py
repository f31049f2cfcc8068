"""What a user says about files that do not say it themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Modality ("DX"), body part ("CHEST") and spacing in mm given by hand, never guessed.

    ``spacing_mm`` is row gap, column gap and, for volumes, slice gap, as the command line takes it.
    """

    modality: str | None = None
    body_part: str | None = None
    spacing_mm: tuple[float, ...] | None = None
    fill_gaps: bool = False
