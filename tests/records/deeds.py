"""Each kind of write that medmm acknowledges, done as the product does it, with its event."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.orm import Session

from medmm.assembly import reading, report_life
from medmm.assembly.homes import OpenHome
from medmm.database import Database
from medmm.home import Home
from medmm.records import reports, users
from medmm.records.addenda import addend_report
from medmm.records.audit import Event, record, sealing
from medmm.records.passwords import FLOOR, Cost, Hasher
from medmm.records.signing import sign_report
from medmm.records.users import NewUser
from rag import documents
from tests.rag.conftest import HashedWords
from tests.rag.made_documents import incoming
from tests.records.builders import draft, numbered_study, region_with_mask

SIGNER, PASSWORD, PERSON, HERE = "ann", "a quiet lung is good", "Rex Reporter", "192.0.2.1"


@dataclass(frozen=True)
class Digest(Hasher):
    """Keeps a password as a plain digest: what is killed here is the write, not the hashing."""

    cost: Cost = FLOOR

    def hashed(self, password: str) -> str:
        return digest(password)

    def matches(self, kept: str | None, password: str) -> bool:
        return kept == digest(password)

    def outdated(self, kept: str) -> bool:
        return False


QUICK = Digest()
WORDS = HashedWords()


def digest(password: str) -> str:
    """What `Digest` keeps of a password."""
    return "test$" + hashlib.sha256(password.encode()).hexdigest()


def password_number(count: int) -> str:
    """The password that a user has after so many changes."""
    return f"{count}th quiet lung is good"


@dataclass
class Doer:
    """One home, and what the deeds of a round have made so far, for the deeds after them.

    ``number`` tells one round's studies, users and documents from another's.
    """

    home: Home
    database: Database
    number: int
    study_id: int = 0
    report_id: int = 0
    document: int = 0
    passwords: int = 0

    @property
    def opened(self) -> OpenHome:
        return OpenHome(self.home, self.database)

    @property
    def uid(self) -> str:
        return f"1.2.9.{self.number}"

    @property
    def user(self) -> str:
        return f"person{self.number}"

    @contextmanager
    def noted(self, action: str, thing: str, **detail: str | int) -> Iterator[Callable[..., int]]:
        """The event of a deed, recorded in its transaction, and the chain sealed after it."""
        event = Event(PERSON, "signer", action, thing, detail=detail, origin=HERE)
        with sealing(self.database, self.home):
            yield lambda session, *_: record(session, event)

    def ingest(self) -> None:
        self.study_id = reading.keep(self.opened, numbered_study(self.number)).study_id

    def draft(self) -> None:
        region = region_with_mask(self.home, f"mask {self.number}".encode())
        made = draft(self.uid, [f"Case{self.number} has a lung.", "No nodule."], regions=(region,))

        def note(session: Session, report_id: int) -> None:
            event = Event(PERSON, "signer", "draft", f"report:{report_id}", origin=HERE)
            record(session, event)

        with sealing(self.database, self.home):
            saved = reports.save_draft(self.database, self.home, self.study_id, made, also=note)
        assert saved.report_id is not None
        self.report_id = saved.report_id

    def edit(self) -> None:
        last = reports.load_report(self.database, self.report_id).last.number
        text = f"[s1] Case{self.number} in version {last + 1}.\n[s2] No nodule."
        report_life.edit(self.opened, self.report_id, text.encode(), author=PERSON)

    def hand_on(self) -> None:
        report_life.hand_on(self.opened, self.report_id, author=PERSON)

    def cancel(self) -> None:
        report_life.cancel(self.opened, self.report_id, author=PERSON, reason="Not needed.")

    def sign(self) -> None:
        sign_report(
            self.database, self.home, self.report_id,
            user=SIGNER, password=PASSWORD, origin=HERE, hasher=QUICK,
        )  # fmt: skip

    def addend(self) -> None:
        addend_report(
            self.database, self.home, self.report_id, "Seen again.",
            user=SIGNER, password=PASSWORD, origin=HERE, hasher=QUICK,
        )  # fmt: skip

    def add_signer(self) -> None:
        """The person who signs; not a deed of a round, as a home has one."""
        with self.noted("add_user", f"user:{SIGNER}") as also:
            new = NewUser(SIGNER, "signer", PASSWORD)
            users.add_user(self.database, new, hasher=QUICK, also=also)

    def add_user(self) -> None:
        with self.noted("add_user", f"user:{self.user}", role="reader") as also:
            new = NewUser(self.user, "reader", password_number(0))
            users.add_user(self.database, new, hasher=QUICK, also=also)

    def set_password(self) -> None:
        new = password_number(self.passwords + 1)
        with self.noted("set_password", f"user:{self.user}") as also:
            users.set_password(self.database, self.user, new, hasher=QUICK, also=also)
        self.passwords += 1

    def change_role(self) -> None:
        with self.noted("change_user", f"user:{self.user}", role="reporter") as also:
            users.change_role(self.database, self.user, "reporter", also=also)

    def disable_user(self) -> None:
        with self.noted("change_user", f"user:{self.user}", status="disabled") as also:
            users.disable_user(self.database, self.user, also=also)

    def enable_user(self) -> None:
        with self.noted("change_user", f"user:{self.user}", status="enabled") as also:
            users.enable_user(self.database, self.user, also=also)

    def add_document(self) -> None:
        self._add_document("first")

    def replace_document(self) -> None:
        self._add_document("second")

    def remove_document(self) -> None:
        with self.noted("remove_knowledge", f"document:{self.document}") as also:
            documents.remove_document(self.database, self.document, also=also)

    def _add_document(self, which: str) -> None:
        text = f"Text {self.number} in its {which} version.\n\nA nodule of 6 mm calls for CT."

        def note(session: Session, added: documents.Added) -> None:
            event = Event(
                PERSON, "admin", "add_knowledge", f"document:{added.document}",
                detail={"version": added.version, "count": added.passages}, origin=HERE,
            )  # fmt: skip
            record(session, event)

        with sealing(self.database, self.home):
            added = documents.add_document(
                self.database, WORDS, incoming(text, f"Text {self.number}"), also=note
            )
        self.document = added.document


Deed = Callable[[Doer], None]
DEEDS: Mapping[str, Deed] = MappingProxyType({
    "ingest": Doer.ingest,
    "draft": Doer.draft,
    "edit": Doer.edit,
    "hand_on": Doer.hand_on,
    "sign": Doer.sign,
    "addend": Doer.addend,
    "cancel": Doer.cancel,
    "add_user": Doer.add_user,
    "set_password": Doer.set_password,
    "change_role": Doer.change_role,
    "disable_user": Doer.disable_user,
    "enable_user": Doer.enable_user,
    "add_document": Doer.add_document,
    "replace_document": Doer.replace_document,
    "remove_document": Doer.remove_document,
})  # fmt: skip
ROUND = (
    "ingest", "draft", "edit", "edit", "hand_on", "sign", "addend", "addend", "draft", "hand_on",
    "cancel", "draft", "edit", "add_user", "set_password", "change_role", "disable_user",
    "enable_user", "add_document", "replace_document", "remove_document", "add_document",
)  # fmt: skip
"""An order in which each deed can be done, the last of it left standing."""
BEFORE: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "ingest": (),
    "draft": ("ingest",),
    "edit": ("ingest", "draft"),
    "hand_on": ("ingest", "draft"),
    "cancel": ("ingest", "draft"),
    "sign": ("ingest", "draft"),
    "addend": ("ingest", "draft", "sign"),
    "add_user": (),
    "set_password": ("add_user",),
    "change_role": ("add_user",),
    "disable_user": ("add_user",),
    "enable_user": ("add_user", "disable_user"),
    "add_document": (),
    "replace_document": ("add_document",),
    "remove_document": ("add_document",),
})  # fmt: skip
"""What must have been done so that a deed can be."""


def prepared(home: Home, database: Database, deed: str) -> Doer:
    """Somebody who can do ``deed`` now, in a home that is ready and has a signer."""
    doer = Doer(home, database, 1)
    doer.add_signer()
    for name in BEFORE[deed]:
        DEEDS[name](doer)
    return doer


def do_round(doer: Doer) -> None:
    """All of `ROUND`."""
    for name in ROUND:
        DEEDS[name](doer)
