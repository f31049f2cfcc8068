"""What was measured and what was found."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from medmm.nouns.codes import Code

Presence: TypeAlias = Literal["present", "absent", "uncertain"]


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How far off a value may be, in the value's own unit.

    ``kind`` says what stands behind the number: "resolution" (half-width that voxel size allows),
    "repeatability" (standard deviation under resampling) or another word explained in the card.
    """

    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with a UCUM unit, its method, and its region (None: the whole study)."""

    id: str
    name: str
    value: float
    unit: str
    method: str
    expert: str
    uncertainty: Uncertainty | None = None
    region: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A coded concept that somebody says is present, absent or uncertain.

    ``source`` names who says so (an expert's name). ``calibrated`` tells whether ``probability``
    was checked against outcomes. ``demonstrator`` findings come from methods without
    clinical figures.
    """

    id: str
    concept: Code
    presence: Presence
    source: str
    probability: float | None = None
    calibrated: bool = False
    regions: tuple[str, ...] = ()
    measurements: tuple[str, ...] = ()
    demonstrator: bool = False
