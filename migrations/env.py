"""The Alembic environment: one connection, one transaction for all revisions, no pool.

The program passes its connection in config.attributes. The naming convention of the metadata names constraints and
indexes of op.create_table() that have no name; a CHECK has the last part of its name.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from app.schema import metadata
from migrations import text_guard


def run(connection: Connection) -> None:
    """Run the requested revisions on a connection that is inside a write transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,  # SQLite too: the engine begins its transactions itself
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        text_guard.remove(connection)
        context.run_migrations()
        text_guard.install(connection)


run(context.config.attributes["connection"])
