"""Sealing the audit chain with a signed head, and verifying the one against the other."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import HomeError
from medmm.home import Home, write_whole
from medmm.records import audit_head
from medmm.records.audit_chain import START, Link, Walk, last_link
from medmm.records.audit_head import Head
from medmm.records.audit_tables import AuditRow

LOCK = "audit-head"
ANEW = "Run `medmm db check`; once it is known what happened, an administrator may seal it anew."
MISSING_HEAD = (
    "The signed head of the audit chain is missing: it was removed, or nothing was sealed yet."
)
MISSING_KEY = "The key that signs the head of the audit chain is missing."


def seal(database: Database, home: Home, *, anew: bool = False) -> Head:
    """Sign how far the chain goes now, after a commit; the head that holds then.

    Only what follows the last head without a break is sealed. A head is never replaced by one of
    a lower number, nor over a chain that is not the one that was sealed: else the next seal would
    hide what was done. ``anew`` is for an administrator who knows what happened (a backup was
    restored, the key was lost): it seals the chain as it is, keeps the head that was there beside
    the new one, and should be an event of its own, recorded just before.

    Raises:
        HomeError: the chain does not meet its head, the head or the key is missing or damaged, or
            the disk is full (StorageError); the head is as it was.
    """
    with home.lock(LOCK):
        if anew:
            return _seal_anew(database, home)
        key, head = _trusted(home)
        with database.read() as session:
            _refuse(_unmet(session, head.link))
            walk = Walk(head.link)
            _refuse("".join(walk.run(session)[:1]))
        if walk.at == head.link:
            return head
        return _put(home, key, walk.at)


def begin(home: Home) -> None:
    """Seal a new home's empty chain before its first event, so that a missing head is telling.

    The database is not asked: the table of events may be made by the work that begins.

    Raises:
        HomeError: the head or the key is damaged, or the disk is full (StorageError).
    """
    if not audit_head.key_path(home).exists():
        with home.lock(LOCK):
            _trusted(home)


def verify(database: Database, home: Home) -> list[str]:
    """What is wrong with the chain, a sentence each, the first broken event first; [] if nothing.

    Finds rows that were changed, removed, swapped, inserted or doubled, a chain that was hashed
    anew or cut behind its head's back, a database that was rolled back, and a head that is missing,
    damaged or by another key. What was recorded after the last head (a crash between commit and
    seal) is checked as a chain, but its tail could be cut unseen.

    Raises:
        HomeError: the database cannot be used now.
    """
    # The head first: what it names was committed before the snapshot below begins.
    head, problems = _read(home)
    with database.read() as session:
        walk = Walk(sealed=head.link if head else None)
        broken = walk.run(session)
    if problems and not _read(home)[1]:
        # The first head and key were made while we looked.
        return verify(database, home)
    if walk.at == START and not broken and _never_used(home, head):
        return []
    return broken + problems


def _read(home: Home) -> tuple[Head | None, list[str]]:
    """The head as far as it can be believed, and what is wrong with it or its key."""
    key, head, problems = None, None, []
    try:
        key = audit_head.read_key(home)
        if key is None:
            problems.append(MISSING_KEY)
    except HomeError as error:
        problems.append(error.message)
    try:
        own = audit_head.key_id(audit_head.public_bytes(key)) if key else ""
        head = audit_head.read_head(home, own)
        if head is None:
            # Without both nothing was sealed yet; the key is no second problem.
            problems = [MISSING_HEAD, *problems] if key else [MISSING_HEAD]
    except HomeError as error:
        problems.append(error.message)
    return head, problems


def _never_used(home: Home, head: Head | None) -> bool:
    """Neither key nor head; or, after a crash in the first seal, a head that claims nothing."""
    key = audit_head.key_path(home).exists()
    there = audit_head.head_path(home).exists()
    return not key and (not there or (head is not None and head.sequence == 0))


def _trusted(home: Home) -> tuple[Ed25519PrivateKey, Head]:
    """The key and the head to go on from; both are made on first use."""
    key = audit_head.read_key(home)
    if key is None:
        head = audit_head.read_head(home)
        _refuse(MISSING_KEY if head is not None and head.sequence > 0 else "")
        return _first(home)
    found = audit_head.read_head(home, audit_head.key_id(audit_head.public_bytes(key)))
    if found is None:
        raise HomeError(MISSING_HEAD, ANEW)
    return key, found


def _first(home: Home) -> tuple[Ed25519PrivateKey, Head]:
    """A new key, and a head of the empty chain.

    The head is written first: after a crash between the two there is a head that claims nothing and
    no key, and the next seal starts over.
    """
    key = Ed25519PrivateKey.generate()
    head = audit_head.sign(key, START, _now())
    audit_head.write_head(home, head)
    audit_head.write_key(home, key)
    return key, head


def _seal_anew(database: Database, home: Home) -> Head:
    path, before = audit_head.head_path(home), audit_head.head_bytes(home)
    if before is not None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        write_whole(path.with_name(f"{path.name}.until-{stamp}"), before)
    key = audit_head.read_key(home) or _first(home)[0]
    with database.read() as session:
        return _put(home, key, last_link(session))


def _unmet(session: Session, sealed: Link) -> str:
    """Why the database does not hold the event that was sealed; "" if it does."""
    if sealed == START:
        return ""
    found = session.scalar(select(AuditRow.hash).where(AuditRow.sequence == sealed.sequence))
    if found is None:
        return f"Audit event {sealed.sequence} was sealed and is missing from the database."
    return (
        ""
        if found == sealed.hash
        else f"Audit event {sealed.sequence} was sealed with another hash."
    )


def _put(home: Home, key: Ed25519PrivateKey, link: Link) -> Head:
    head = audit_head.sign(key, link, _now())
    audit_head.write_head(home, head)
    return head


def _refuse(problem: str) -> None:
    if problem:
        raise HomeError(problem, ANEW)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
