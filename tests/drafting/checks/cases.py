"""Cases for the tests of the checks, made of real nouns."""

from typing import Any

import numpy as np

from medmm.drafting.checks import run_checks
from medmm.nouns import (
    Applicability,
    Case,
    Code,
    Evidence,
    ExpertResult,
    Finding,
    Mask,
    Measurement,
    Region,
    Statement,
    Uncertainty,
)
from tests.benchmarks.planted_foreign import foreign_case

NODULE = Code("SCT", "427359005", "Nodule of lung")
SPACING = (1.0, 0.7, 0.7)


def verdicts(
    text: str,
    case: str | Case = "chest_nodule",
    section: Any = "Findings",
    state: Any = "unsupported",
    beside: tuple[Statement, ...] = (),
    evidence: tuple[Evidence, ...] = (Evidence("vlm", "vlm"),),
) -> dict[str, str]:
    """What each check says of a sentence, and its final state under ``state``."""
    whole = foreign_case(case) if isinstance(case, str) else case
    statement = Statement("tested", section, text, state, evidence)
    checked = run_checks([*beside, statement], whole)
    said = {one.check: one.result for one in checked.checks if one.statement == "tested"}
    return {**said, "state": checked.statements[-1].state}


def fails(text: str, case: str | Case = "chest_nodule", section: Any = "Findings") -> set[str]:
    """The checks that a sentence fails."""
    return {check for check, said in verdicts(text, case, section).items() if said == "fail"}


def masked_case(long_mm: float = 18.0, short_mm: float = 11.0, **changed: float) -> Case:
    """A chest CT with one nodule as an ellipsoid; ``changed`` replaces measured values by name."""
    base = foreign_case("chest_nodule")
    axes = [np.arange(n) * gap for n, gap in zip((40, 60, 60), SPACING, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    half = (6.0, long_mm / 2, short_mm / 2)
    inside = ((z - 20) / half[0]) ** 2 + ((y - 21) / half[1]) ** 2 + ((x - 21) / half[2]) ** 2 <= 1
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *SPACING, 1.0
    region = Region(
        "n", "lung nodule", "mask", "1.2", laterality="right", mask=Mask.of(inside),
        affine_lps=affine,
    )  # fmt: skip
    volume = 4 / 3 * np.pi * half[0] * half[1] * half[2] / 1000
    values = {"long axis": long_mm, "short axis": short_mm, "volume": volume}
    values.update({name.replace("_", " "): value for name, value in changed.items()})
    measurements = tuple(
        Measurement(
            f"n:{name}", name, value, "mL" if name == "volume" else "mm", "", "expert",
            Uncertainty("resolution", 0.02 if name == "volume" else 0.2), "n",
        )
        for name, value in values.items()
    )  # fmt: skip
    finding = Finding("f", NODULE, "present", "expert", regions=("n",))
    result = ExpertResult(
        "expert", "1", Applicability("applies"), (finding,), (region,), measurements
    )
    return Case(base.study, (result,))
