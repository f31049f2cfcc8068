"""How a stored film is brought upright: facing the patient, head up, by what its header says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Upright:
    """Rows and columns swapped first, then flipped: ``told`` says whether the header gave it.

    Upright means that columns grow towards the patient's left and rows towards the feet, as a
    frontal film is hung. An untold film is taken as it is stored.
    """

    told: bool = False
    swapped: bool = False
    rows: bool = False
    columns: bool = False

    @classmethod
    def of(cls, orientation: Sequence[str]) -> Self | None:
        """From PatientOrientation (PS3.3 C.7.6.1.1.1): where rows run to, where columns run to.

        None where that is no frontal plane (an A or P leads, or both values name one axis).
        """
        if not orientation:
            return cls()
        if len(orientation) != 2 or not all(orientation):
            return None
        along, down = orientation[0][0], orientation[1][0]
        swapped = along in "HF"
        if swapped:
            along, down = down, along
        if along not in "LR" or down not in "HF":
            return None
        return cls(told=True, swapped=swapped, rows=down == "H", columns=along == "R")

    def turned(self, array: NDArray[Any]) -> NDArray[Any]:
        """A stored array ``[row, column]`` upright."""
        shown = array.T if self.swapped else array
        return self._flipped(shown)

    def back(self, array: NDArray[Any]) -> NDArray[Any]:
        """An upright array as it is stored."""
        shown = self._flipped(array)
        return np.ascontiguousarray(shown.T if self.swapped else shown)

    def _flipped(self, array: NDArray[Any]) -> NDArray[Any]:
        steps = (-1 if self.rows else 1, -1 if self.columns else 1)
        return np.ascontiguousarray(array[:: steps[0], :: steps[1]])
