"""Contradicted statements, which a signer edits, deletes or keeps with a reason."""

from collections.abc import Mapping
from typing import Any

from medmm.errors import InputError


def contradicted(document: Mapping[str, Any]) -> dict[str, str]:
    """The contradicted statements of a document, their texts by id."""
    return {
        one["id"]: one["text"]
        for section in document["sections"]
        for one in section["statements"]
        if one["state"] == "contradicted"
    }


def must_be_settled(
    report_id: int, document: Mapping[str, Any], reasons: Mapping[str, str]
) -> None:
    """Go on only if each contradicted statement has a reason, and no other has one.

    Raises:
        InputError: one is left, a reason is empty, or is for a statement that is not contradicted.
    """
    left = contradicted(document)
    for name, why in reasons.items():
        if name not in left:
            raise InputError(
                f"Statement {name[:40]!r} is not contradicted, so there is nothing to confirm.",
                "Confirm only contradicted statements of the last version.",
                code="confirmed",
            )
        if not why:
            raise InputError(
                f"There is no reason to keep {name}.", f"Say why: {name}=REASON.", code="confirmed"
            )
    missing = [name for name in left if name not in reasons]
    if missing:
        raise InputError(
            f"Report {report_id} has contradicted statements: {', '.join(missing)}.",
            "Edit or delete each, or confirm it with a reason: --confirm sID=REASON.",
            code="contradicted",
        )
