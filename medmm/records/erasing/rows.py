"""Which rows are a patient's: found by the database's own foreign keys, and taken out.

A table that a later migration adds is taken in as soon as it refers to one that is; what refers to
a patient without a foreign key is the full text index alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import column, delete, inspect, select, table, text
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from medmm.errors import MedmmError
from medmm.records.audit_tables import AuditRow
from medmm.records.search_index import TABLE as SEARCH
from medmm.records.tables import PatientRow

ROOT = PatientRow.__tablename__
# Values in one statement; both databases take more than 30,000.
AT_ONCE = 5000


@dataclass(frozen=True)
class Link:
    """A foreign key: ``table.column`` holds a value of ``parent.key``."""

    table: str
    column: str
    parent: str
    key: str


@dataclass
class Belongings:
    """The rows of one patient: for each table that others refer to, the values referred to."""

    links: tuple[Link, ...]
    values: dict[tuple[str, str], set[Any]] = field(default_factory=lambda: defaultdict(set))

    @property
    def tables(self) -> list[str]:
        """Tables that can hold rows of a patient, those that refer before those referred to."""
        order: TopologicalSorter[str] = TopologicalSorter({ROOT: set()})
        for link in self.links:
            if link.table != link.parent:
                order.add(link.parent, link.table)
        return list(order.static_order())

    @property
    def parents(self) -> list[str]:
        """Those of the tables that others refer to, a parent before its children."""
        referred = {link.parent for link in self.links}
        return [name for name in reversed(self.tables) if name in referred]

    def numbers(self, name: str) -> list[int]:
        """The patient's rows of a table that others refer to, by their ``id``."""
        return sorted(self.values[name, "id"])

    def conditions(self, name: str) -> Iterator[ColumnElement[bool]]:
        """What holds for a table's rows of the patient, one after another; a row may meet two."""
        if name == ROOT:
            for some in _portions(self.values[ROOT, "id"]):
                yield column("id").in_(some)
            return
        for link in self.links:
            if link.table == name:
                for some in _portions(self.values[link.parent, link.key]):
                    yield column(link.column).in_(some)


def patient_tables(session: Session) -> list[str]:
    """All tables that can hold rows of a patient, the full text index among them."""
    return [SEARCH, *Belongings(_links(session)).tables]


def belongings(session: Session, patient: int) -> Belongings:
    """Which rows are the patient's now.

    Raises:
        MedmmError: a table refers to a patient in a way that is not understood.
    """
    found = Belongings(_links(session))
    found.values[ROOT, "id"].add(patient)
    keys: dict[str, set[str]] = defaultdict(set)
    for link in found.links:
        keys[link.parent].add(link.key)
    grown = True
    while grown:
        grown = False
        for link in found.links:
            for key in keys[link.table]:
                new = set(_referring(session, link, key, found.values[link.parent, link.key]))
                grown = grown or not new <= found.values[link.table, key]
                found.values[link.table, key] |= new
    return found


def delete_rows(session: Session, found: Belongings) -> None:
    """Take the rows out, and what the full text index has of the patient's reports."""
    # SQLite's index is of the kind that has no column but the row's own number.
    number = "report_id" if session.get_bind().dialect.name == "postgresql" else "rowid"
    for some in _portions(found.values["reports", "id"]):
        session.execute(delete(table(SEARCH)).where(column(number).in_(some)))
    for name in found.tables:
        for condition in found.conditions(name):
            session.execute(delete(table(name)).where(condition))


def hold_rows(session: Session, name: str, found: Belongings) -> None:
    """Let nobody add what refers to the patient's rows of a table, until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        for condition in found.conditions(name):
            # The name is a table's of the database itself.
            wanted: Any = select(text("1")).select_from(table(name)).where(condition)
            session.execute(wanted.with_for_update()).all()


def _links(session: Session) -> tuple[Link, ...]:
    """The foreign keys by which rows belong to a patient, however far."""
    keys = inspect(session.connection()).get_multi_foreign_keys()
    every = [(name, key) for (_, name), found in keys.items() for key in found]
    inside, grown = {ROOT}, True
    while grown:
        more = {name for name, key in every if key["referred_table"] in inside}
        grown = not more <= inside
        inside |= more
    if AuditRow.__tablename__ in inside:
        raise MedmmError("The audit chain refers to patients' rows, so none can be erased.")
    links = []
    for name, key in every:
        if key["referred_table"] not in inside:
            continue
        if len(key["constrained_columns"]) != 1:
            raise MedmmError(f"{name} refers to a patient by several columns together.")
        [own], [other] = key["constrained_columns"], key["referred_columns"]
        links.append(Link(name, own, key["referred_table"], other))
    return tuple(sorted(links, key=lambda link: (link.table, link.column)))


def _referring(session: Session, link: Link, key: str, values: set[Any]) -> Iterator[Any]:
    for some in _portions(values):
        wanted: Any = select(column(key)).select_from(table(link.table))
        yield from session.scalars(wanted.where(column(link.column).in_(some)))


def _portions(values: Iterable[Any]) -> Iterator[Sequence[Any]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]
