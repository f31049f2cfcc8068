"""What becomes of a series that is read again: new, known, a better revision, or a conflict.

Same files twice change nothing. More slices of the same stack, with the slices already kept
unchanged, make a new revision. Anything else under the same identifiers is a conflict: the kept
series stays and the reason is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from medmm.home import FileStore
from medmm.nouns import Verdict
from medmm.records.tables import SeriesRow

Outcome: TypeAlias = Literal["new", "known", "superseded", "conflict"]


@dataclass(frozen=True)
class Offered:
    """A series as just read: its verdict, its images' UIDs in slice order, its kept content."""

    verdict: Verdict
    sop_uids: tuple[str, ...]
    content: Mapping[str, Any] | None


@dataclass(frozen=True)
class Judgement:
    """The outcome, and for a conflict why."""

    outcome: Outcome
    reason: str = ""


def judge(kept: SeriesRow | None, offered: Offered, pixels: FileStore) -> Judgement:
    """Compare what was read with the current revision of the same series."""
    if kept is None:
        return Judgement("new")
    old, new = set(kept.sop_uids), set(offered.sop_uids)
    if kept.content is None:
        return _after_refusal(kept, offered, grown=new >= old)
    if offered.content is None:
        if new < old:
            return Judgement("known")
        reasons = offered.verdict.sentence or "It was refused."
        return Judgement("conflict", f"Read again, it was refused; the kept one stays. {reasons}")
    if old == new:
        if kept.content == offered.content:
            return Judgement("known")
        return Judgement(
            "conflict",
            "The same image UIDs came with other pixels or geometry; the kept one stays.",
        )
    if not (old < new or new < old):
        return Judgement(
            "conflict",
            f"{len(new - old)} other images of this series are kept without the {len(old - new)} "
            "that are missing here; ingest all of its files together.",
        )
    if not _agree(kept, offered.content, offered.sop_uids, pixels):
        return Judgement(
            "conflict", "Images that are kept already came with other pixels; the kept one stays."
        )
    return Judgement("superseded" if old < new else "known")


def _after_refusal(kept: SeriesRow, offered: Offered, *, grown: bool) -> Judgement:
    """A refused series holds nothing that could be lost, so a reading of as much replaces it."""
    same = [reason["code"] for reason in kept.verdict["reasons"]] == [
        reason.code for reason in offered.verdict.reasons
    ]
    if offered.content is None and same and set(kept.sop_uids) == set(offered.sop_uids):
        return Judgement("known")
    if not grown and offered.content is None:
        return Judgement("known")
    return Judgement("superseded")


def _agree(
    kept: SeriesRow, content: Mapping[str, Any], sop_uids: Sequence[str], pixels: FileStore
) -> bool:
    """Whether slices that both have hold the same values (True where no slice has its own UID)."""
    before = kept.content or {}
    if (before["noun"], before.get("units")) != (content["noun"], content.get("units")):
        return False
    if "array" not in before:
        return True
    old, new = pixels.array(before["array"]), pixels.array(content["array"])
    if len(old) != len(kept.sop_uids) or len(new) != len(sop_uids):
        return True
    if old.shape[1:] != new.shape[1:]:
        return False
    place = {uid: index for index, uid in enumerate(sop_uids)}
    return all(
        np.array_equal(old[index], new[place[uid]], equal_nan=_floating(old, new))
        for index, uid in enumerate(kept.sop_uids)
        if uid in place
    )


def _floating(*arrays: Any) -> bool:
    return all(np.issubdtype(array.dtype, np.floating) for array in arrays)
