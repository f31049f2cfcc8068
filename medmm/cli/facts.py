"""What the user says about files on the command line."""

from medmm.errors import UsageError
from medmm.nouns.facts import Facts


def parse(
    modality: str | None, body_part: str | None, spacing: str | None, *, fill: bool = False
) -> Facts:
    """Facts from the flags.

    Raises:
        UsageError: the spacing is not two or three positive numbers.
    """
    return Facts(
        modality=modality.strip().upper() if modality else None,
        body_part=body_part.strip().upper() if body_part else None,
        spacing_mm=_spacing(spacing) if spacing else None,
        fill_gaps=fill,
    )


def _spacing(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in (2, 3) or not all(0 < number < 1e4 for number in numbers):
        raise UsageError(
            f"--spacing {text!r} is not two or three positive numbers in mm.",
            "Write gap between rows, columns and, for volumes, slices: --spacing 0.7,0.7,2.5",
        )
    return numbers
