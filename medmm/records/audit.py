"""The audit chain: who did what to which thing, when, from where and with what outcome.

What a hospital must be able to show (HIPAA 164.312(b), 21 CFR 11.10(e), IHE ATNA), in the database
itself, so that an event and its data are committed together or not at all::

    with audited(database, home) as session:
        ...  # the work
        record(session, Event("ada", "signer", "sign", "report:3", detail={"version": 2}))
"""

import logging
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias, get_args

from sqlalchemy import insert
from sqlalchemy.orm import Session

from medmm import __version__
from medmm.database import Database, hold
from medmm.errors import MedmmError, UsageError
from medmm.home import Home
from medmm.nouns.documents import canonical_bytes
from medmm.records.access import Action, By, Thing
from medmm.records.audit_chain import FIELDS, last_link, row_hash
from medmm.records.audit_seal import begin, seal, verify
from medmm.records.audit_tables import AuditRow

__all__ = [
    "DETAIL_KEYS",
    "Also",
    "Event",
    "Outcome",
    "audited",
    "event_by",
    "record",
    "seal",
    "sealing",
    "verify",
]

Outcome = Literal["ok", "denied", "failed"]
Also: TypeAlias = Callable[[Session], object]
"""What is done last in a transaction of somebody else's: recording the event, as a rule."""
# Names of identifiers, hashes, counts and codes: none is for a sentence or a name of a patient.
DETAIL_KEYS = frozenset({
    "after", "before", "code", "count", "document", "expert", "format", "hash", "key", "limit",
    "method", "port", "report", "revision", "role", "sequence", "series", "setting", "sha256",
    "status", "study", "user", "version", "weights_sha256", "writer",
})  # fmt: skip
# Characters a field may have; the rest is cut off and an ellipsis says so.
LONGEST = 200
# 64 bits: beyond that JSON readers disagree about a number.
LARGEST = 2**63
# Controls, formats (bidirectional marks, zero width), surrogates, private use, unset, separators
# of lines and paragraphs: what could break a line, redraw a terminal or hide (Unicode, chapter 4).
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """One thing that was done or tried.

    ``actor`` is the user's name as typed, ``role`` the role it was done in, ``action`` what, as
    "sign", ``thing`` to what, as "report:3", and ``origin`` from where (an address, or the
    command). ``detail`` holds identifiers and hashes only, under `DETAIL_KEYS`.

    Raises:
        UsageError: the outcome or a key of ``detail`` is not a known one, or a value is of a type
            or size that cannot be kept.
    """

    actor: str
    role: str
    action: str
    thing: str
    outcome: Outcome = "ok"
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)
    origin: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in get_args(Outcome):
            raise UsageError(f"An audit event has no outcome {self.outcome!r}.")
        unknown = sorted(set(self.detail) - DETAIL_KEYS)
        if unknown:
            raise UsageError(
                f"An audit event has no detail {unknown[0]!r}.",
                "Add it to DETAIL_KEYS if it can only be an identifier, a hash, a count or a code.",
            )
        for key, value in self.detail.items():
            if not isinstance(value, str | int) or (
                isinstance(value, int) and not -LARGEST <= value < LARGEST
            ):
                raise UsageError(f"The detail {key!r} is not a text, a 64-bit number or a truth.")


def event_by(
    by: By,
    action: Action,
    thing: Thing | None = None,
    *,
    outcome: Outcome = "ok",
    detail: Mapping[str, str | int | bool] | None = None,
) -> Event:
    """What is recorded of an action of somebody."""
    return Event(
        actor=by.actor.name,
        role=by.actor.role or by.actor.kind,
        action=action,
        thing=f"{thing.kind}:{thing.id}" if thing else "",
        outcome=outcome,
        detail=detail or {},
        origin=by.origin,
    )


def record(session: Session, event: Event) -> int:
    """Add an event to the chain in the caller's write transaction; its number.

    Call it last: on PostgreSQL all others who record wait from here until the transaction ends,
    and who holds the chain while waiting for a row could meet one who does the opposite. The time
    is the machine's as it is; if its clock was set back, the numbers still tell the order.

    Raises:
        UsageError: the session is not one of ``database.write()``.
        HomeError: the database cannot be used now.
    """
    if not session.connection().get_execution_options().get("medmm_write"):
        raise UsageError("An audit event is recorded in a session that writes.")
    # What the event is about is in the database first, so that its faults come before ours.
    session.flush()
    hold(session, "audit")
    last = last_link(session)
    values = (
        last.sequence + 1,
        datetime.now(UTC).isoformat(timespec="microseconds"),
        __version__,
        visible(event.actor),
        visible(event.role),
        visible(event.action),
        visible(event.thing),
        event.outcome,
        _detail(event.detail),
        visible(event.origin),
    )
    row = dict(zip(FIELDS, values, strict=True))
    row |= {"previous": last.hash, "hash": row_hash(last.hash, values)}
    session.execute(insert(AuditRow).values(row))
    return last.sequence + 1


@contextmanager
def audited(database: Database, home: Home) -> Iterator[Session]:
    """A session as of ``database.write()``, and the chain sealed after its commit.

    A seal that fails (full disk, a chain that does not meet its head) does not undo what was
    committed: it is logged, and the next seal or `verify` finds it.

    Raises:
        HomeError: the database cannot be used now, or a new home's first head cannot be written.
    """
    with sealing(database, home), database.write() as session:
        yield session


@contextmanager
def sealing(database: Database, home: Home) -> Iterator[None]:
    """The chain sealed after work that commits for itself what it records.

    A seal that fails is logged, as `audited` says.

    Raises:
        HomeError: a new home's first head cannot be written.
    """
    begin(home)
    yield
    try:
        seal(database, home)
    except (MedmmError, OSError) as error:
        # Without the sentence, which has a path that the user may have named after a patient.
        logger.error("The audit chain was not sealed (%s).", type(error).__name__)  # noqa: TRY400


def visible(text: str) -> str:
    """One line in which everything can be seen, at most `LONGEST` characters.

    What cannot be seen stands as its number, ``<U+202E>``, so that it can be told what was tried.
    """
    seen = "".join(
        f"<U+{ord(char):04X}>" if unicodedata.category(char) in UNSEEN else char
        for char in text[: LONGEST + 1]
    )
    return seen if len(seen) <= LONGEST else seen[: LONGEST - 1] + "…"


def _detail(detail: Mapping[str, str | int | bool]) -> str:
    shown = {key: visible(it) if isinstance(it, str) else it for key, it in detail.items()}
    return canonical_bytes(shown).decode("utf-8")
