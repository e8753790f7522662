"""Kinds of inductions that require others, and the guard against circles of them.

Expand-only: a new table, and a column with a default. The check comes before each row: whether the required kind
already requires the other one, directly or through others. On PostgreSQL a lock makes those who enter such rows wait
for each other, because two rows that close a circle together would not see each other.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

TABLE = "booking_prerequisite"
GUARD = "booking_prerequisite_no_circle"
REACHED = f"""
    WITH RECURSIVE reached(id) AS (
        SELECT NEW.required_kind_id
        UNION SELECT one.required_kind_id FROM {TABLE} AS one JOIN reached ON one.kind_id = reached.id)
    SELECT 1 FROM reached WHERE id = NEW.kind_id"""

SQLITE_GUARD = f"""
CREATE TRIGGER {GUARD}_{{verb}} BEFORE {{verb}} ON {TABLE}
WHEN EXISTS ({REACHED})
BEGIN SELECT RAISE(ABORT, '{GUARD}'); END
"""

POSTGRESQL_FUNCTION = f"""
CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('{GUARD}'));
    IF EXISTS ({REACHED}) THEN
        RAISE EXCEPTION '{GUARD}' USING ERRCODE = 'check_violation', CONSTRAINT = '{GUARD}';
    END IF;
    RETURN NEW;
END $$
"""
POSTGRESQL_GUARD = f"""
CREATE TRIGGER {GUARD} BEFORE INSERT OR UPDATE ON {TABLE}
FOR EACH ROW EXECUTE FUNCTION {GUARD}()
"""


def upgrade() -> None:
    op.add_column("booking_induction_kind", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        TABLE,
        sa.Column("kind_id", sa.Integer, sa.ForeignKey("booking_induction_kind.id"), primary_key=True),
        sa.Column("required_kind_id", sa.Integer, sa.ForeignKey("booking_induction_kind.id"), primary_key=True),
        sa.CheckConstraint("kind_id <> required_kind_id", name="other"),
        sa.Index(None, "required_kind_id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("INSERT", "UPDATE"):
            op.execute(SQLITE_GUARD.format(verb=verb))
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL_GUARD)


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"DROP FUNCTION {GUARD}()")
    op.drop_column("booking_induction_kind", "revision")
