"""Who acts by command: rights are asked, and every try is recorded with the data it changes."""

from collections.abc import Iterator
from contextlib import contextmanager

from medmm.assembly.homes import OpenHome
from medmm.errors import AccessError
from medmm.records.access import Action, Actor, Thing, require
from medmm.records.audit import Also, Event, Outcome, audited, record, sealing

ORIGIN = "command"


def allowed(opened: OpenHome, actor: Actor, action: Action, thing: Thing | None = None) -> None:
    """Go on only if the actor may; a refusal is recorded.

    Raises:
        AccessError: the actor may not.
    """
    try:
        require(actor, action, thing)
    except AccessError:
        with audited(opened.database, opened.home) as session:
            record(session, event_of(actor, action, thing, outcome="denied"))
        raise


@contextmanager
def noted(
    opened: OpenHome, actor: Actor, action: Action, thing: Thing | None = None, **detail: str | int
) -> Iterator[Also]:
    """What records the event at the end of the work's own transaction; the chain is sealed after.

    Raises:
        HomeError: a new home's first head cannot be written.
    """
    event = event_of(actor, action, thing, detail=detail)
    with sealing(opened.database, opened.home):
        yield lambda session: record(session, event)


def happened(
    opened: OpenHome, actor: Actor, action: Action, thing: Thing | None = None, **detail: str | int
) -> None:
    """Record what changed nothing in the database: something was read, or left.

    Raises:
        HomeError: the database cannot be written now.
    """
    with audited(opened.database, opened.home) as session:
        record(session, event_of(actor, action, thing, detail=detail))


def event_of(
    actor: Actor,
    action: Action,
    thing: Thing | None,
    *,
    outcome: Outcome = "ok",
    detail: dict[str, str | int] | None = None,
) -> Event:
    """What is recorded of an action by command."""
    return Event(
        actor=actor.name,
        role=actor.role or actor.kind,
        action=action,
        thing=f"{thing.kind}:{thing.id}" if thing else "",
        outcome=outcome,
        detail=detail or {},
        origin=ORIGIN,
    )
