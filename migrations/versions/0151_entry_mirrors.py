"""An entry that reverses another one is its exact mirror, line by line. Expand-only: adds a guard, changes no row.

SQLite looks when the entry is inserted, because its lines are inserted before it; PostgreSQL at the commit, as for the
sum of an entry.
"""

from __future__ import annotations

from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0151"
down_revision = "0150"
branch_labels = None
depends_on = None

NAME, TABLE = "billing_entry_mirrors", "billing_entry"
NO_MIRROR = """(NEW.reverses_id IS NOT NULL AND (
    NEW.lines <> (SELECT original.lines FROM billing_entry AS original WHERE original.id = NEW.reverses_id)
    OR NEW.lines <> (
        SELECT count(*) FROM billing_posting AS own JOIN billing_posting AS original
        ON original.entry_id = NEW.reverses_id AND original.number = own.number
        AND original.account_id = own.account_id AND original.cents = -own.cents
        AND coalesce(original.member_id, 0) = coalesce(own.member_id, 0)
        WHERE own.entry_id = NEW.id)))"""
GUARD = Guard(NAME, TABLE, ("INSERT",), NO_MIRROR)
POSTGRESQL = (
    f"""CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF {NO_MIRROR} THEN RAISE EXCEPTION '{NAME}' USING ERRCODE = 'restrict_violation'; END IF;
    RETURN NULL; END $$""",
    f"""CREATE CONSTRAINT TRIGGER {NAME} AFTER INSERT ON {TABLE} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION {NAME}()""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        create_guard(GUARD)
        return
    for statement in POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        drop_guard(GUARD)
        return
    op.execute(f"DROP TRIGGER {NAME} ON {TABLE}")
    op.execute(f"DROP FUNCTION {NAME}()")
