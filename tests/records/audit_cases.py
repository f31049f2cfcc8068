"""Ways to tamper with a chain of 20 events, each with what must be said of it first."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Rows = list[Row]
SIZE = 20
FIELDS = (
    "sequence", "time", "version", "actor", "role", "action", "thing", "outcome", "detail",
    "origin",
)  # fmt: skip
COLUMNS = (*FIELDS, "previous", "hash")
LOOKED_AT = (1, 2, 10, 19, 20)
SEALED = "Audit event 20 is not the one that was sealed"


@dataclass(frozen=True)
class Case:
    """A change of the rows, and how the first problem must begin."""

    name: str
    change: Callable[[Rows], Rows]
    told: str


def own_hash(row: Row) -> str:
    """The hash as the design says it, apart from medmm's code."""
    fields = {name: row[name] for name in FIELDS}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    whole = f"medmm.audit.1\n{row['previous']}\n{text}"
    return hashlib.sha256(whole.encode()).hexdigest()


def hashed_anew(rows: Rows, first: int = 1) -> Rows:
    """As a careful forger leaves them: all hashes from row ``first`` on are right again."""
    for index in range(first - 1, len(rows)):
        rows[index]["previous"] = rows[index - 1]["hash"] if index else "0" * 64
        rows[index]["hash"] = own_hash(rows[index])
    return rows


def numbered_anew(rows: Rows) -> Rows:
    """Without gaps again."""
    for number, row in enumerate(rows, start=1):
        row["sequence"] = number
    return rows


def with_field(number: int, name: str, value: Callable[[str], object]) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        rows[number - 1][name] = value(rows[number - 1][name])
        return rows

    return change


def without(first: int, last: int) -> Callable[[Rows], Rows]:
    return lambda rows: rows[: first - 1] + rows[last:]


def swapped(one: int, other: int, names: tuple[str, ...]) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        first, second = rows[one - 1], rows[other - 1]
        for name in names:
            first[name], second[name] = second[name], first[name]
        return rows

    return change


def inserted(number: int, **fields: Any) -> Callable[[Rows], Rows]:
    """A forged event at ``number``, rightly hashed; those after it are numbered anew."""

    def change(rows: Rows) -> Rows:
        forged = rows[0] | {"actor": "mallory", "previous": "0" * 64, "sequence": number}
        if number > 1:
            forged["previous"] = rows[number - 2]["hash"]
        forged = forged | {"hash": own_hash(forged)} | fields
        return numbered_anew([*rows[: number - 1], forged, *rows[number - 1 :]])

    return change


def doubled(number: int) -> Callable[[Rows], Rows]:
    return lambda rows: numbered_anew([*rows[:number], dict(rows[number - 1]), *rows[number:]])


def first_changed(text: str) -> str:
    return ("y" if text[:1] == "x" else "x") + text[1:]


def field_cases() -> Iterator[Case]:
    for number in LOOKED_AT:
        told = f"Audit event {number} was changed after it was recorded."
        for name in COLUMNS[1:]:
            where = f"{name} of {number}"
            yield Case(f"{where} changed", with_field(number, name, first_changed), told)
            yield Case(f"{where} longer", with_field(number, name, lambda text: f"{text} "), told)
    for name in ("actor", "detail", "previous", "hash"):
        told = "Audit event 7 was changed after it was recorded."
        yield Case(f"{name} as bytes", with_field(7, name, lambda text: text.encode()), told)
        yield Case(f"{name} empty", with_field(7, name, lambda _: ""), told)


def removal_cases() -> Iterator[Case]:
    for number in range(1, SIZE):
        told = f"Audit event {number} is missing"
        yield Case(f"{number} removed", without(number, number), told)
    for first, last in ((1, 3), (5, 9), (15, 19)):
        told = f"Audit events {first} to {last} are missing"
        yield Case(f"{first} to {last} removed", without(first, last), told)
    for number in (1, 2, 10, 19):
        removed = without(number, number)
        yield Case(
            f"{number} removed, numbered anew",
            lambda rows, removed=removed: numbered_anew(removed(rows)),
            f"Audit event {number} was recorded as event {number + 1}",
        )
        yield Case(
            f"{number} removed, numbered and hashed anew",
            lambda rows, removed=removed: hashed_anew(numbered_anew(removed(rows))),
            "The audit chain ends with event 19, and event 20 was sealed",
        )
    for kept in (0, 1, 2, 5, 10, 15, 18, 19):
        told = f"The audit chain ends with event {kept}, and event 20 was sealed"
        yield Case(f"tail cut after {kept}", without(kept + 1, SIZE), told)


def order_cases() -> Iterator[Case]:
    for one, other in ((1, 2), (5, 6), (19, 20), (1, 20), (3, 17)):
        yield Case(
            f"{one} and {other} swapped",
            swapped(one, other, COLUMNS[1:]),
            f"Audit event {one} was recorded as event {other}",
        )
        yield Case(
            f"things of {one} and {other} swapped",
            swapped(one, other, ("thing",)),
            f"Audit event {one} was changed",
        )
    for number in (1, 2, 10, 20):
        yield Case(
            f"one inserted at {number}",
            inserted(number),
            # The forged row fits the one before it; what follows it does not.
            SEALED
            if number == SIZE
            else f"Audit event {number + 1} was recorded as event {number}",
        )
        told = f"Audit event {number} was changed"
        yield Case(f"unhashed one inserted at {number}", inserted(number, hash="0" * 64), told)
        told = f"Audit event {number + 1} was recorded as event {number}"
        yield Case(f"{number} doubled", doubled(number), told)
    for number in (0, -1):
        yield Case(
            f"one with number {number}",
            lambda rows, number=number: [rows[0] | {"sequence": number}, *rows],
            f"Audit event {number} is there twice, or was inserted",
        )
    yield Case(
        "one appended far behind",
        lambda rows: [*rows, rows[-1] | {"sequence": 1000}],
        "Audit events 21 to 999 are missing",
    )


def forged_cases() -> Iterator[Case]:
    for number in (1, 2, 5, 10, 15, 19, 20):
        forge = with_field(number, "actor", lambda _: "mallory")
        yield Case(
            f"{number} changed and hashed anew",
            lambda rows, forge=forge, number=number: hashed_anew(forge(rows), number),
            SEALED,
        )
    for number in (1, 2, 10, 19):
        forge = with_field(number, "actor", lambda _: "mallory")

        def alone(rows: Rows, forge: Any = forge, number: int = number) -> Rows:
            rows = forge(rows)
            rows[number - 1]["hash"] = own_hash(rows[number - 1])
            return rows

        told = f"Audit event {number + 1} does not follow event {number}"
        yield Case(f"{number} changed and hashed alone", alone, told)
    yield Case(
        "another chain of the same size",
        lambda rows: hashed_anew([row | {"actor": "mallory"} for row in rows]),
        SEALED,
    )
    yield Case(
        "a longer chain",
        lambda rows: hashed_anew(numbered_anew([dict(row) for row in rows[:1] * 30])),
        SEALED,
    )
    yield Case(
        "an inserted one, all hashed anew",
        lambda rows: hashed_anew(inserted(4)(rows)),
        SEALED,
    )


ROW_CASES = (*field_cases(), *removal_cases(), *order_cases(), *forged_cases())
HEAD_FIELDS = {
    "sequence": (19, 21, "20"),
    "hash": ("0" * 64, ""),
    "time": ("2020-01-01T00:00:00.000000+00:00", 5),
    "key": ("0" * 32, None),
    "public": ("0" * 64, "zz"),
    "signature": ("0" * 128, ""),
    "format": ("medmm.audit.head.2", 1),
}
HEAD_EDITS = [(name, value) for name, values in HEAD_FIELDS.items() for value in values]
HEAD_BYTES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"sequence": 20}',
    b"[" * 9999,
    b"0" * 20000,
)
