"""Signing and adding to a report on the page: by who is signed in there, and nobody else."""

import logging
from collections.abc import Mapping
from typing import Any

from medmm import ownership
from medmm.assembly import report_signing
from medmm.assembly.acting import allowed, report_thing
from medmm.assembly.homes import OpenHome
from medmm.assembly.reviewing_documents import report_document, shown
from medmm.assembly.reviewing_edits import forget
from medmm.errors import AccessError, MedmmError
from medmm.records import reading, user_names

ownership.check_packages()
Document = dict[str, Any]
log = logging.getLogger("medmm.reports")


def sign(
    opened: OpenHome,
    number: int,
    *,
    user: str,
    password: str,
    based_on: int,
    meaning: str | None,
    confirmed: Mapping[str, str],
) -> Document:
    """Sign what was shown, as who is signed in and gave the password again.

    Raises:
        AccessError: who acts may not, gave another's name, or the password is wrong.
        ConflictError: somebody signed, or made a later version, before.
        InputError: contradicted statements are left, or the report is cancelled.
        UsageError: the meaning or a reason cannot be shown.
    """
    allowed(opened, "sign", report_thing(opened, number))
    _must_be_self(opened, user)
    made = report_signing.sign(
        opened,
        number,
        user=user,
        password=password,
        based_on=based_on,
        meaning=meaning or None,
        confirmed=confirmed,
    )
    try:
        reading.note_signature(opened.database, number, opened.by.actor.name)
        forget(opened, number, based_on)
    except MedmmError:
        # The signature stands, whatever becomes of the times.
        log.warning("the reading time at a signature was not kept: report=%d", number)
    return {**shown(made), "report": report_document(opened, number)}


def addend(opened: OpenHome, number: int, text: str, *, user: str, password: str) -> Document:
    """Put a signed addendum beside a signed report, as who is signed in.

    Raises:
        AccessError: who acts may not, gave another's name, or the password is wrong.
        InputError: the report is not signed, or the text cannot be taken.
    """
    allowed(opened, "addend", report_thing(opened, number))
    _must_be_self(opened, user)
    data = text.encode("utf-8", "replace")
    made = report_signing.addend(opened, number, data, user=user, password=password)
    forget(opened, number, made["version"])
    return {**shown(made), "report": report_document(opened, number)}


def _must_be_self(opened: OpenHome, user: str) -> None:
    """Refuse another's signature in this session: what was on the screen was shown to this user."""
    actor = opened.by.actor
    if actor.kind != "person" or user_names.key(user) != user_names.key(actor.name):
        raise AccessError(
            "The name is not of who is signed in here.",
            "Sign with your own name, or sign in as who is to sign.",
            code="other-user",
        )
