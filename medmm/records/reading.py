"""What a user does with a report before there is a version of it: types, looks, accepts, and when.

An unfinished text is the user's own: no version, in no export, seen by nobody else. Nothing here
leaves an event: these rows are working state of the page, and what comes of them (a version, a
signature) leaves its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import AccessError, ConflictError, NotFoundError
from medmm.records.limiter import Clock, utc_now
from medmm.records.reading_tables import ReadingRow, UnfinishedRow
from medmm.records.status_changes import held_report
from medmm.records.tables import VersionRow
from medmm.records.user_tables import UserRow

FIRST_MS = 60_000
"""Most that the first message of a reading may count: the page sends one well before."""
Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Unfinished:
    """A user's text over a version; ``saved`` is ISO 8601 in UTC."""

    based_on: int
    page: str
    serial: int
    revision: int
    text: str
    saved: str


@dataclass(frozen=True)
class Typed:
    """What a window asks to be kept: its name, its count of changes, the revision it knows of."""

    page: str
    serial: int
    revision: int
    text: str


@dataclass(frozen=True)
class Reading:
    """A user's time with a report, slices seen by series, versions statements were accepted in.

    Seconds at the signature are None for who did not sign.
    """

    user: str
    begun: str
    last: str
    open_seconds: float
    active_seconds: float
    looked: Mapping[str, Ranges]
    accepted: Mapping[str, int]
    signed: str | None = None
    signed_open_seconds: float | None = None
    signed_active_seconds: float | None = None


def keep_text(
    database: Database,
    report_id: int,
    user: str,
    based_on: int,
    typed: Typed,
    clock: Clock = utc_now,
) -> Unfinished:
    """Keep a user's unfinished text; one that was sent twice, or late, changes nothing.

    Raises:
        NotFoundError: there is no such report or version.
        ConflictError: another window of the same user kept another text since.
        AccessError: there is no such user.
        HomeError: the database cannot be written now.
    """
    with database.write() as session:
        held_report(session, report_id)
        _must_be_version(session, report_id, based_on)
        number = _user(session, user)
        row = _unfinished(session, report_id, number, based_on)
        if row is None:
            row = UnfinishedRow(report_id=report_id, user_id=number, based_on=based_on, revision=0)
            session.add(row)
        elif row.page == typed.page and typed.serial <= row.serial:
            return _text(row)
        elif row.page != typed.page and row.revision != typed.revision:
            raise ConflictError(
                "Another window of yours changed this text since it was opened here.",
                "Choose which text to go on with; both are there.",
                based_on=typed.revision,
                last=row.revision,
            )
        row.page, row.serial, row.text = typed.page, typed.serial, typed.text
        row.revision += 1
        row.saved = clock()
        return _text(row)


def texts_of(database: Database, report_id: int, user: str) -> tuple[Unfinished, ...]:
    """A user's unfinished texts of a report, the one over the latest version last."""
    wanted = (
        select(UnfinishedRow)
        .join(UserRow, UserRow.id == UnfinishedRow.user_id)
        .where(UnfinishedRow.report_id == report_id, UserRow.name == user)
        .order_by(UnfinishedRow.based_on)
    )
    with database.read() as session:
        return tuple(_text(row) for row in session.scalars(wanted))


def drop_text(
    database: Database, report_id: int, user: str, based_on: int, up_to: int | None = None
) -> None:
    """Forget a user's unfinished text: it became a version, or the user gave it up.

    ``up_to`` is the last revision that the user saw; what came later from another window stays.
    """
    with database.write() as session:
        number = _user(session, user)
        gone = delete(UnfinishedRow).where(
            UnfinishedRow.report_id == report_id,
            UnfinishedRow.user_id == number,
            UnfinishedRow.based_on == based_on,
        )
        if up_to is not None:
            gone = gone.where(UnfinishedRow.revision <= up_to)
        session.execute(gone)


def spend(
    database: Database,
    report_id: int,
    user: str,
    *,
    open_ms: int,
    active_ms: int,
    looked: Mapping[str, Iterable[tuple[int, int]]],
    clock: Clock = utc_now,
) -> None:
    """Add time since the last message, and slices that were on the screen.

    No more is added than time went by since the last message of any window, so that neither two
    windows nor a made-up number count more than the clock.

    Raises:
        NotFoundError: there is no such report.
        AccessError: there is no such user.
    """
    now = clock()

    def count(row: ReadingRow) -> None:
        opened = _within(open_ms, now - row.open_until)
        row.begun = min(row.begun, now - timedelta(milliseconds=opened))
        row.open_ms += opened
        row.open_until = max(now, row.open_until)
        if active_ms:
            # A pause is known to be none at its end, so this may be of several messages' time.
            active = row.active_ms + _within(active_ms, now - row.active_until)
            row.active_ms = min(active, row.open_ms)
            row.active_until = max(now, row.active_until)
        row.looked = merged(row.looked, looked)

    _change(database, report_id, user, now, count)


def accept(
    database: Database,
    report_id: int,
    user: str,
    statements: Mapping[str, int | None],
    clock: Clock = utc_now,
) -> None:
    """Note the version in which each statement was accepted; None: it is not any more.

    Raises:
        NotFoundError: there is no such report.
        AccessError: there is no such user.
    """

    def mark(row: ReadingRow) -> None:
        both = {**row.accepted, **statements}
        row.accepted = {name: version for name, version in both.items() if version is not None}

    _change(database, report_id, user, clock(), mark)


def note_signature(database: Database, report_id: int, user: str, clock: Clock = utc_now) -> None:
    """Keep the times as they are now as those at the signature.

    Raises:
        NotFoundError: there is no such report.
        AccessError: there is no such user.
    """
    now = clock()

    def note(row: ReadingRow) -> None:
        row.signed, row.signed_open_ms, row.signed_active_ms = now, row.open_ms, row.active_ms

    _change(database, report_id, user, now, note)


def readings_of(database: Database, report_id: int) -> tuple[Reading, ...]:
    """All users' readings of a report, the first who opened it first."""
    wanted = (
        select(ReadingRow, UserRow.name)
        .join(UserRow, UserRow.id == ReadingRow.user_id)
        .where(ReadingRow.report_id == report_id)
        .order_by(ReadingRow.begun, ReadingRow.id)
    )
    with database.read() as session:
        return tuple(_reading(row, name) for row, name in session.execute(wanted))


def reading_of(database: Database, report_id: int, user: str) -> Reading | None:
    """A user's reading of a report; None before the first message of one."""
    return next((one for one in readings_of(database, report_id) if one.user == user), None)


def merged(
    seen: Mapping[str, Iterable[Sequence[int]]], more: Mapping[str, Iterable[Sequence[int]]]
) -> dict[str, list[list[int]]]:
    """Ranges ``[first, last]`` of both, sorted and joined where they touch."""
    return {
        name: _joined([*seen.get(name, ()), *more.get(name, ())]) for name in sorted({*seen, *more})
    }


def _joined(ranges: Iterable[Sequence[int]]) -> list[list[int]]:
    joined: list[list[int]] = []
    for first, last in sorted(map(tuple, ranges)):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined


def _within(given: int, passed: timedelta) -> int:
    return max(0, min(given, int(passed / timedelta(milliseconds=1))))


def _change(
    database: Database,
    report_id: int,
    user: str,
    now: datetime,
    work: Callable[[ReadingRow], None],
) -> None:
    with database.write() as session:
        held_report(session, report_id)
        number = _user(session, user)
        row = session.scalar(
            select(ReadingRow).where(
                ReadingRow.report_id == report_id, ReadingRow.user_id == number
            )
        )
        if row is None:
            before = now - timedelta(milliseconds=FIRST_MS)
            row = ReadingRow(
                report_id=report_id, user_id=number, begun=now, open_ms=0, active_ms=0,
                open_until=before, active_until=before, looked={}, accepted={},
            )  # fmt: skip
            session.add(row)
        work(row)


def _user(session: Session, name: str) -> int:
    number = session.scalar(select(UserRow.id).where(UserRow.name == name))
    if number is None:
        raise AccessError(f"{name} is no user of this home, so nothing is kept for them.")
    return number


def _must_be_version(session: Session, report_id: int, number: int) -> None:
    wanted = select(VersionRow.id).where(
        VersionRow.report_id == report_id, VersionRow.number == number
    )
    if session.scalar(wanted) is None:
        raise NotFoundError(f"Report {report_id} has no version {number}.")


def _unfinished(
    session: Session, report_id: int, user_id: int, based_on: int
) -> UnfinishedRow | None:
    return session.scalar(
        select(UnfinishedRow).where(
            UnfinishedRow.report_id == report_id,
            UnfinishedRow.user_id == user_id,
            UnfinishedRow.based_on == based_on,
        )
    )


def _text(row: UnfinishedRow) -> Unfinished:
    return Unfinished(
        row.based_on, row.page, row.serial, row.revision, row.text, row.saved.isoformat()
    )


def _reading(row: ReadingRow, user: str) -> Reading:
    return Reading(
        user=user,
        begun=row.begun.isoformat(),
        last=row.open_until.isoformat(),
        open_seconds=row.open_ms / 1000,
        active_seconds=row.active_ms / 1000,
        looked=row.looked,
        accepted=row.accepted,
        signed=row.signed.isoformat() if row.signed else None,
        signed_open_seconds=_seconds(row.signed_open_ms),
        signed_active_seconds=_seconds(row.signed_active_ms),
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
