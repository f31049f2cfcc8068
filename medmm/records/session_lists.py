"""Sessions as an admin sees them: when each user came last, and how many are open now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from medmm.database import Database
from medmm.records.limiter import Clock, utc_now
from medmm.records.session_tables import SessionRow
from medmm.records.sessions import lasts
from medmm.records.user_tables import UserRow


@dataclass(frozen=True)
class Seen:
    """``last`` is the newest sign-in that is still kept (rows go a day after their end)."""

    last: datetime
    open: int


def seen(database: Database, clock: Clock = utc_now) -> dict[str, Seen]:
    """By user's name; who has no session that is kept is not in it."""
    now = clock()
    found: dict[str, Seen] = {}
    joined = select(SessionRow, UserRow).join(UserRow, UserRow.id == SessionRow.user_id)
    with database.read() as session:
        for row, user in session.execute(joined.order_by(SessionRow.created)):
            before = found.get(user.name)
            count = (before.open if before else 0) + lasts(row, user, now)
            found[user.name] = Seen(row.created, count)
    return found
