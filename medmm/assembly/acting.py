"""What is done in an opened home: rights are asked, and every try is recorded with its data."""

from collections.abc import Iterator
from contextlib import contextmanager

from medmm.assembly.homes import OpenHome
from medmm.errors import AccessError
from medmm.records import owners
from medmm.records.access import Action, Thing, require
from medmm.records.audit import Also, Event, Outcome, audited, event_by, record, sealing


def allowed(opened: OpenHome, action: Action, thing: Thing | None = None) -> None:
    """Go on only if who acts may; a refusal is recorded.

    Raises:
        AccessError: the actor may not.
    """
    try:
        require(opened.by.actor, action, thing)
    except AccessError:
        with audited(opened.database, opened.home) as session:
            record(session, event_of(opened, action, thing, outcome="denied"))
        raise


@contextmanager
def noted(
    opened: OpenHome, action: Action, thing: Thing | None = None, **detail: str | int
) -> Iterator[Also]:
    """What records the event at the end of the work's own transaction; the chain is sealed after.

    Raises:
        HomeError: a new home's first head cannot be written.
    """
    event = event_of(opened, action, thing, detail=detail)
    with sealing(opened.database, opened.home):
        yield lambda session: record(session, event)


def happened(
    opened: OpenHome, action: Action, thing: Thing | None = None, **detail: str | int
) -> None:
    """Record what changed nothing in the database: something was read, or left.

    Raises:
        HomeError: the database cannot be written now.
    """
    with audited(opened.database, opened.home) as session:
        record(session, event_of(opened, action, thing, detail=detail))


def event_of(
    opened: OpenHome,
    action: Action,
    thing: Thing | None,
    *,
    outcome: Outcome = "ok",
    detail: dict[str, str | int] | None = None,
) -> Event:
    """What is recorded of an action of who acts."""
    return event_by(opened.by, action, thing, outcome=outcome, detail=detail)


def report_thing(opened: OpenHome, number: int) -> Thing:
    """A report with its status and whose it is, for rights to be asked.

    Raises:
        NotFoundError: there is no such report.
    """
    held = owners.of_report(opened.database, number)
    return Thing("report", number, owner=held.owner, status=held.status)
