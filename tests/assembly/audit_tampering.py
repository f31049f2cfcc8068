"""An audit event changed behind medmm's back, as somebody who holds the database could."""

from sqlalchemy import text

from medmm.database import Database

TRIGGER = "audit_events_no_update"


def tamper(database: Database, number: int, **fields: str) -> None:
    """Change fields of an event; what forbids it is put away and put back."""
    change = ", ".join(f"{name} = :{name}" for name in fields)
    update = text(f"UPDATE audit_events SET {change} WHERE sequence = :number")
    with database.write() as session:
        if database.dialect == "postgresql":
            session.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
            session.execute(update, fields | {"number": number})
            session.execute(text("ALTER TABLE audit_events ENABLE TRIGGER USER"))
            return
        kept = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
        again = session.scalar(kept, {"name": TRIGGER})
        session.execute(text(f"DROP TRIGGER {TRIGGER}"))
        session.execute(update, fields | {"number": number})
        session.connection().exec_driver_sql(str(again))
