"""How Alembic meets the ring's database: one connection, one transaction for all steps, no pool.

The program hands over its connection (app/migrating.py); from the Alembic command line it is made here.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from app.schema import metadata


def run(connection: Connection) -> None:
    """Run the asked-for steps on a connection that is inside a write transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,  # SQLite too: the engine begins its transactions itself
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
