"""What Alembic runs for each command; `medmm.records.migrations` hands it the connection."""

from typing import Any

from alembic import context

import rag.tables  # noqa: F401  # they join the metadata below
from medmm.database import Base
from medmm.records import (  # noqa: F401
    audit_tables,
    job_tables,
    reading_tables,
    search_index,
    session_tables,
    signing_tables,
    tables,
    user_tables,
)


def include_object(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """Leave out the full text index, which differs by database and has no model."""
    return not (kind == "table" and str(name).startswith(search_index.TABLE))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=include_object,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
