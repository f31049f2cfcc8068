"""Reports signed and added to, as documents."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from medmm.assembly.acting import allowed, report_thing
from medmm.assembly.homes import OpenHome
from medmm.nouns.draft import Addendum, Signature
from medmm.records import addenda, reports, signing
from medmm.records.contradictions import contradicted

Document = dict[str, Any]
log = logging.getLogger("medmm.reports")


def to_sign(opened: OpenHome, number: int) -> Document:
    """What would be signed now, for the signer to see before the password is asked for.

    Raises:
        AccessError: who acts may not see it.
        NotFoundError: no such report.
    """
    allowed(opened, "read", report_thing(opened, number))
    report = reports.load_report(opened.database, number)
    document = report.last.document
    left = contradicted(document)
    return {
        "report_id": number,
        "version": report.last.number,
        "author": report.last.author,
        "sha256": report.last.sha256,
        "status": report.status,
        "statements": sum(len(section["statements"]) for section in document["sections"]),
        "contradicted": [{"id": name, "text": text} for name, text in left.items()],
    }


def sign(
    opened: OpenHome,
    number: int,
    *,
    user: str,
    password: str,
    based_on: int,
    meaning: str | None = None,
    confirmed: Mapping[str, str],
) -> Document:
    """Sign the version that was shown.

    Raises:
        AccessError: the password is wrong, or the user may not sign.
        ConflictError: somebody signed, or made a later version, before.
        InputError: contradicted statements are left, or the report is cancelled.
        UsageError: the meaning or a reason cannot be shown.
    """
    made = signing.sign_report(
        opened.database,
        opened.home,
        number,
        user=user,
        password=password,
        origin=_origin(opened),
        meaning=signing.MEANING if meaning is None else meaning,
        confirmed=confirmed,
        based_on=based_on,
    )
    log.info("signed report=%d version=%d", number, made.version)
    return signature_document(made)


def addend(opened: OpenHome, number: int, data: bytes, *, user: str, password: str) -> Document:
    """Put a signed addendum beside a signed report.

    Raises:
        AccessError: the password is wrong, or the user may not.
        InputError: the report is not signed, or the text cannot be taken.
    """
    made = addenda.addend_report(
        opened.database,
        opened.home,
        number,
        data,
        user=user,
        password=password,
        origin=_origin(opened),
    )
    log.info("addended report=%d addendum=%d", number, made.number)
    return addendum_document(made)


def _origin(opened: OpenHome) -> str:
    """From where: the page's address, or which account of this machine by command."""
    by = opened.by
    return by.actor.name if by.actor.kind == "console" else by.origin


def signature_document(one: Signature) -> Document:
    """A signature with all that it binds."""
    return {**asdict(one), "confirmed": dict(one.confirmed)}


def addendum_document(one: Addendum) -> Document:
    """An addendum with all that its signature binds."""
    return asdict(one)
