"""Whether slices are missing before the first or after the last, where positions cannot tell."""

from collections.abc import Sequence
from itertools import pairwise

from medmm.dicom.fields import tag
from medmm.dicom.splitting import Slice
from medmm.nouns import Reason

_IN_ACQUISITION = tag("ImagesInAcquisition")


def missing_ends(ordered: Sequence[Slice], every_order: Sequence[int]) -> tuple[Reason, ...]:
    """Notes on slices that instance numbers say there were beyond the stack's ends.

    Only where numbers count the slices one by one along the stack do they say anything:
    ``every_order`` holds the numbers of the whole series, ``ordered`` the stack in slice order.
    """
    numbers = [one.frame.order for one in ordered]
    if any(number is None for number in numbers) or not every_order:
        return ()
    steps = {b - a for a, b in pairwise(numbers)}  # type: ignore[operator]
    if steps not in ({1}, {-1}):
        return ()
    notes = []
    lowest, highest = min(every_order), max(every_order)
    own_lowest = min(number for number in numbers if number is not None)
    if lowest == own_lowest and lowest > 1:
        notes.append(_note(lowest - 1, "before the first", f"instance numbers begin at {lowest}"))
    told = {one.instance.fields.integer(_IN_ACQUISITION) for one in ordered}
    total = told.pop() if len(told) == 1 else None
    if total is not None and lowest == own_lowest and highest < total <= 10 * len(numbers):
        notes.append(_note(total - highest, "after the last", f"ImagesInAcquisition says {total}"))
    return tuple(notes)


def _note(count: int, where: str, why: str) -> Reason:
    what = "1 slice may be missing" if count == 1 else f"{count} slices may be missing"
    return Reason("ends_missing", f"{what} {where} in instance order: {why}.", "InstanceNumber")
