"""Work that waits for the server's worker: asked for, claimed once, done once, found after a crash.

A job is ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``. Who claims it gets a token
of its own, and whatever is written for a job is written only while that token still stands in its
row. So a job may be begun twice (its server was killed, a new one found it), and what it does is
still recorded once: `finish` is called in the transaction that records the result, and the process
that lost its claim changes no row, so that its transaction does not happen.

A worker is known to be dead by the lock that it holds in the home as long as it lives, which the
system takes from a killed process at once. Where the lock cannot be looked at (a server on another
machine with a home of its own) the worker counts as dead after `LEASE` without a sign of life.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias, cast

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from medmm.database import Database, hold
from medmm.errors import CancelledError, InputError, NotFoundError
from medmm.records.job_tables import JobResultRow, JobRow
from medmm.records.tables import StudyRow

Kind: TypeAlias = Literal["draft", "upload", "folder"]
Status: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]
ACTIVE = ("waiting", "running")
LEASE = timedelta(seconds=120)
MOST_ATTEMPTS = 3
"""How often a job is begun whose worker dies with it, so that none kills its server for ever."""
MOST_WAITING = 50
"""Jobs of one person that wait or run."""
LONGEST_LINE = 300


@dataclass(frozen=True)
class Job:
    """A job as it stands; times are in UTC."""

    id: int
    kind: Kind
    status: Status
    owner: str
    origin: str
    study_id: int | None
    prior_id: int | None
    report_id: int | None
    asked: Mapping[str, Any]
    progress: str
    error: str
    attempts: int
    created: datetime
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class Claim:
    """The right to do a job, as long as its row holds the token."""

    job: Job
    token: str


@dataclass(frozen=True)
class Asked:
    """What somebody wants done. ``words`` are kept until the job ends (a draft's for good)."""

    kind: Kind
    owner: str
    origin: str
    words: Mapping[str, Any]
    study_id: int | None = None
    prior_id: int | None = None


def _nothing(_: Session, __: Job) -> None:
    """No event."""


def enqueue(
    database: Database, asked: Asked, also: Callable[[Session, Job], object] = _nothing
) -> Job:
    """Let a job wait; ``also`` is done last in the same transaction.

    Raises:
        NotFoundError: there is no such study.
        InputError: the study is being drafted already (code "drafting"), or too much of the
            owner's waits.
    """
    with database.write() as session:
        hold(session, "jobs")
        for study in (asked.study_id, asked.prior_id):
            if study is not None and session.get(StudyRow, study) is None:
                raise NotFoundError(f"There is no study {study} in this home.")
        own = select(func.count(JobRow.id)).where(
            JobRow.owner == asked.owner, JobRow.status.in_(ACTIVE)
        )
        if (session.scalar(own) or 0) >= MOST_WAITING:
            raise InputError("Too much of yours waits already.", "Wait for some of it.")
        if asked.kind == "draft":
            _refuse_second(session, asked.study_id)
        row = JobRow(
            kind=asked.kind,
            status="waiting",
            owner=asked.owner,
            origin=asked.origin,
            study_id=asked.study_id,
            prior_id=asked.prior_id,
            asked=dict(asked.words),
            progress="",
            error="",
            attempts=0,
            token="",
            worker="",
            created=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        job = _job(row)
        also(session, job)
    return job


def claim(database: Database, worker: str) -> Claim | None:
    """The job that waits longest, for this worker alone; None if none waits."""
    with database.read() as session:
        if session.scalar(select(JobRow.id).where(JobRow.status == "waiting").limit(1)) is None:
            return None
    with database.write() as session:
        hold(session, "jobs")
        row = session.scalar(
            select(JobRow).where(JobRow.status == "waiting").order_by(JobRow.id).limit(1)
        )
        if row is None:
            return None
        now = datetime.now(UTC)
        row.status, row.worker, row.token = "running", worker, secrets.token_hex(16)
        row.attempts += 1
        row.started = row.seen = now
        row.progress = "starting"
        session.flush()
        return Claim(_job(row), row.token)


def held(database: Database, claimed: Claim) -> bool:
    """Whether the claim still stands: nobody cancelled the job, erased it or took it over."""
    with database.read() as session:
        token = session.scalar(select(JobRow.token).where(JobRow.id == claimed.job.id))
    return token == claimed.token


def tell(database: Database, claimed: Claim, progress: str) -> None:
    """Say how far a job is, which is also a sign of life.

    Raises:
        CancelledError: the claim does not stand any more.
    """
    line = " ".join(progress.split())[:LONGEST_LINE]
    with database.write() as session:
        _change(session, claimed, progress=line, seen=datetime.now(UTC))


def beat(database: Database, claimed: Claim) -> None:
    """Give a sign of life.

    Raises:
        CancelledError: the claim does not stand any more.
    """
    with database.write() as session:
        _change(session, claimed, seen=datetime.now(UTC))


def finish(
    session: Session,
    claimed: Claim,
    *,
    report_id: int | None = None,
    results: Mapping[int, Mapping[str, Any]] | None = None,
    progress: str = "done",
) -> None:
    """Mark a job done in the transaction that records what it did.

    ``results`` are documents by study.

    Raises:
        CancelledError: the claim does not stand any more, so nothing of it may be recorded.
    """
    _change(
        session,
        claimed,
        status="done",
        report_id=report_id,
        progress=progress[:LONGEST_LINE],
        **_ended(claimed.job),
    )
    session.add_all(
        JobResultRow(job_id=claimed.job.id, study_id=study, document=dict(document))
        for study, document in (results or {}).items()
    )


def fail(database: Database, claimed: Claim, error: str) -> bool:
    """Mark a job failed, with one readable line; whether the claim still stood."""
    line = " ".join(error.split())[:LONGEST_LINE]
    try:
        with database.write() as session:
            _change(session, claimed, status="failed", error=line, **_ended(claimed.job))
    except CancelledError:
        return False
    return True


def release(database: Database, claimed: Claim) -> None:
    """Let a job wait again whose server is being stopped; it counts as not begun."""
    try:
        with database.write() as session:
            _change(
                session, claimed, status="waiting", token="", worker="", progress="",
                attempts=claimed.job.attempts - 1, started=None,
            )  # fmt: skip
    except CancelledError:
        return


def cancel(
    database: Database, number: int, also: Callable[[Session, Job], object] = _nothing
) -> Job:
    """Cancel a job that waits or runs; whoever does it finds the claim gone.

    Raises:
        NotFoundError: there is no such job.
        InputError: it has ended; code "ended".
    """
    with database.write() as session:
        hold(session, "jobs")
        row = session.get(JobRow, number)
        if row is None:
            raise _missing(number)
        if row.status not in ACTIVE:
            raise InputError(f"Job {number} has ended: it is {row.status}.", code="ended")
        row.status = "cancelled"
        for name, value in _ended(_job(row)).items():
            setattr(row, name, value)
        session.flush()
        job = _job(row)
        also(session, job)
    return job


def recover(database: Database, alive: Callable[[str], bool | None]) -> list[int]:
    """Let the running jobs of dead workers wait again; their numbers.

    ``alive`` says of a worker whether it lives, None where nobody can tell but by its last sign.
    One that was begun `MOST_ATTEMPTS` times is failed instead.
    """
    with database.read() as session:
        running = session.execute(
            select(JobRow.id, JobRow.worker, JobRow.token, JobRow.seen).where(
                JobRow.status == "running"
            )
        ).all()
    dead = [one for one in running if not _lives(alive(one.worker), one.seen)]
    found = []
    for number, _, token, _ in dead:
        with database.write() as session:
            hold(session, "jobs")
            row = session.get(JobRow, number)
            if row is None or row.status != "running" or row.token != token:
                continue
            row.token, row.worker = "", ""
            if row.attempts < MOST_ATTEMPTS:
                row.status, row.progress = "waiting", "starting over"
            else:
                row.status, row.ended = "failed", datetime.now(UTC)
                row.error = f"The server ended {row.attempts} times while it did this."
            found.append(number)
    return found


def find(database: Database, number: int) -> Job:
    """One job.

    Raises:
        NotFoundError: there is none of this number.
    """
    with database.read() as session:
        row = session.get(JobRow, number)
    if row is None:
        raise _missing(number)
    return _job(row)


def listed(
    database: Database,
    *,
    owner: str | None = None,
    since: datetime | None = None,
    limit: int = 20,
) -> list[Job]:
    """Jobs, those that wait or run first, then the newest.

    Of one owner if named, and without those that ended before ``since``.
    """
    wanted = select(JobRow).order_by(JobRow.status.in_(ACTIVE).desc(), JobRow.id.desc())
    if owner is not None:
        wanted = wanted.where(JobRow.owner == owner)
    if since is not None:
        wanted = wanted.where(or_(JobRow.ended.is_(None), JobRow.ended >= since))
    with database.read() as session:
        return [_job(row) for row in session.scalars(wanted.limit(limit))]


def results(database: Database, number: int) -> dict[int, dict[str, Any]]:
    """What a job did, a document by study."""
    wanted = select(JobResultRow).where(JobResultRow.job_id == number).order_by(JobResultRow.id)
    with database.read() as session:
        return {row.study_id: row.document for row in session.scalars(wanted)}


def latest_of(session: Session, studies: Sequence[int]) -> dict[int, Job]:
    """The newest job about each study, by study: one that drafts it or that took it in."""
    drafts = select(func.max(JobRow.id)).where(JobRow.study_id.in_(studies))
    taken = (
        select(JobResultRow.study_id, func.max(JobResultRow.job_id))
        .where(JobResultRow.study_id.in_(studies))
        .group_by(JobResultRow.study_id)
    )
    newest = {
        row.study_id: row
        for row in session.scalars(
            select(JobRow).where(JobRow.id.in_(drafts.group_by(JobRow.study_id)))
        )
    }
    others = {study: job for study, job in session.execute(taken) if job is not None}
    rows = session.scalars(select(JobRow).where(JobRow.id.in_(others.values())))
    by_number = {row.id: row for row in rows}
    for study, number in others.items():
        if study not in newest or newest[study].id < number:
            newest[study] = by_number[number]
    return {study: _job(row) for study, row in newest.items() if study is not None}


def live_uploads(database: Database) -> set[str]:
    """The folders that jobs which wait or run still need, by name."""
    wanted = select(JobRow.asked).where(JobRow.kind == "upload", JobRow.status.in_(ACTIVE))
    with database.read() as session:
        return {str(asked.get("folder", "")) for asked in session.scalars(wanted)}


def tokens(database: Database) -> set[str]:
    """The claims that stand now."""
    with database.read() as session:
        return set(session.scalars(select(JobRow.token).where(JobRow.status == "running")))


def _refuse_second(session: Session, study: int | None) -> None:
    other = session.scalar(
        select(JobRow.owner).where(
            JobRow.kind == "draft", JobRow.study_id == study, JobRow.status.in_(ACTIVE)
        )
    )
    if other is not None:
        raise InputError(
            f"Study {study} is being drafted already, for {other}.",
            "Wait for it, or cancel it first.",
            code="drafting",
        )


def _change(session: Session, claimed: Claim, **values: Any) -> None:
    """Change the row if the claim stands."""
    done = cast(
        "CursorResult[Any]",
        session.execute(
            update(JobRow)
            .where(
                JobRow.id == claimed.job.id,
                JobRow.token == claimed.token,
                JobRow.status == "running",
            )
            .values(**values)
        ),
    )
    if done.rowcount != 1:
        raise CancelledError(f"Job {claimed.job.id} was cancelled, or another took it over.")


def _ended(job: Job) -> dict[str, Any]:
    """What every end sets. A path or a name of a file may name a patient, so it is not kept."""
    words: Mapping[str, Any] = job.asked if job.kind == "draft" else {}
    return {"token": "", "worker": "", "ended": datetime.now(UTC), "asked": dict(words)}


def _lives(told: bool | None, seen: datetime | None) -> bool:  # noqa: FBT001 - an answer
    if told is not None:
        return told
    return seen is not None and datetime.now(UTC) - seen < LEASE


def _missing(number: int) -> NotFoundError:
    return NotFoundError(f"There is no job {number} in this home.")


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        kind=cast("Kind", row.kind),
        status=cast("Status", row.status),
        owner=row.owner,
        origin=row.origin,
        study_id=row.study_id,
        prior_id=row.prior_id,
        report_id=row.report_id,
        asked=row.asked,
        progress=row.progress,
        error=row.error,
        attempts=row.attempts,
        created=row.created,
        started=row.started,
        ended=row.ended,
    )
