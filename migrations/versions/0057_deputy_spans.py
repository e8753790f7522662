"""Deputies by spans: several for one login and workshop, never overlapping, each of 90 days at most, while a manager stands behind it.

What exists and could not be named any more: a deputy named by nobody who still manages the workshop and can log in is
removed. A longer span is cut to 90 days: from today where it has begun and is not over, else from its first day.
A row that is no deputy's loses its days, which meant nothing.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

DAYS_MAX = 90
IS_MANAGER = sa.text("NOT is_deputy")

NO_OVERLAP = "auth_deputy_no_overlap"
SQLITE_NO_OVERLAP = f"""
CREATE TRIGGER {NO_OVERLAP}_{{verb}} BEFORE {{verb}} ON auth_managed_workshop
WHEN NEW.is_deputy AND EXISTS (
    SELECT 1 FROM auth_managed_workshop AS other
    WHERE other.user_id = NEW.user_id AND other.workshop_id = NEW.workshop_id AND other.is_deputy
      AND other.id IS NOT NEW.id
      AND other.valid_from <= NEW.valid_until AND NEW.valid_from <= other.valid_until)
BEGIN SELECT RAISE(ABORT, '{NO_OVERLAP}'); END
"""
POSTGRESQL_NO_OVERLAP = f"""
ALTER TABLE auth_managed_workshop ADD CONSTRAINT {NO_OVERLAP}
EXCLUDE USING gist (
    int8range(user_id, user_id, '[]') WITH &&,
    int8range(workshop_id, workshop_id, '[]') WITH &&,
    daterange(valid_from, valid_until, '[]') WITH &&) WHERE (is_deputy)
"""

HAS_NO_MANAGER = """NEW.is_deputy AND NOT EXISTS (
    SELECT 1 FROM auth_managed_workshop AS own
    WHERE own.user_id = NEW.named_by AND own.workshop_id = NEW.workshop_id AND NOT own.is_deputy)"""
LOCK_MANAGER = """PERFORM 1 FROM auth_managed_workshop AS own
    WHERE own.user_id = NEW.named_by AND own.workshop_id = NEW.workshop_id AND NOT own.is_deputy FOR UPDATE;"""
SQLITE_DAYS = f"""NEW.is_deputy AND COALESCE(julianday(NEW.valid_until) - julianday(NEW.valid_from), {DAYS_MAX}) >= {DAYS_MAX}
    OR NOT NEW.is_deputy AND COALESCE(NEW.valid_from, NEW.valid_until) IS NOT NULL"""
POSTGRESQL_DAYS = f"""NEW.is_deputy AND COALESCE(NEW.valid_until - NEW.valid_from, {DAYS_MAX}) >= {DAYS_MAX}
    OR NOT NEW.is_deputy AND COALESCE(NEW.valid_from, NEW.valid_until) IS NOT NULL"""

ENDS = "auth_deputy_ends"
END_DEPUTIES = """DELETE FROM auth_managed_workshop
    WHERE is_deputy AND named_by = OLD.user_id AND workshop_id = OLD.workshop_id;"""
SQLITE_ENDS = f"""
CREATE TRIGGER {ENDS}_delete AFTER DELETE ON auth_managed_workshop WHEN NOT OLD.is_deputy
BEGIN {END_DEPUTIES} END
"""
POSTGRESQL_ENDS_FUNCTION = f"""
CREATE FUNCTION {ENDS}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NOT OLD.is_deputy THEN {END_DEPUTIES} END IF; RETURN OLD; END $$
"""
POSTGRESQL_ENDS = f"""
CREATE TRIGGER {ENDS} AFTER DELETE ON auth_managed_workshop FOR EACH ROW EXECUTE FUNCTION {ENDS}()
"""

managed = sa.table(
    "auth_managed_workshop",
    sa.column("id", sa.Integer),
    sa.column("user_id", sa.Integer),
    sa.column("workshop_id", sa.Integer),
    sa.column("is_deputy", sa.Boolean),
    sa.column("valid_from", sa.Date),
    sa.column("valid_until", sa.Date),
    sa.column("named_by", sa.Integer),
)
user = sa.table("auth_user", sa.column("id", sa.Integer), sa.column("disabled_at", sa.DateTime))


def upgrade() -> None:
    _end_without_manager()
    _cut_to_length()
    op.execute(managed.update().where(~managed.c.is_deputy).values(valid_from=None, valid_until=None))
    op.drop_index("ix_auth_managed_workshop_user_id", "auth_managed_workshop")
    op.create_index("ix_auth_managed_workshop_user_id", "auth_managed_workshop", ["user_id", "workshop_id"])
    op.create_index(
        "ix_auth_managed_workshop_manager",
        "auth_managed_workshop",
        ["user_id", "workshop_id"],
        unique=True,
        sqlite_where=IS_MANAGER,
        postgresql_where=IS_MANAGER,
    )
    for guard in _guards():
        create_guard(guard)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("insert", "update"):
            op.execute(SQLITE_NO_OVERLAP.format(verb=verb))
        op.execute(SQLITE_ENDS)
    else:
        op.execute(POSTGRESQL_NO_OVERLAP)
        op.execute(POSTGRESQL_ENDS_FUNCTION)
        op.execute(POSTGRESQL_ENDS)


def downgrade() -> None:
    """Keep the latest span of each deputy, because the former table holds one."""
    if op.get_bind().dialect.name == "sqlite":
        for name in (f"{ENDS}_delete", f"{NO_OVERLAP}_update", f"{NO_OVERLAP}_insert"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute(f"DROP TRIGGER {ENDS} ON auth_managed_workshop")
        op.execute(f"DROP FUNCTION {ENDS}()")
        op.execute(f"ALTER TABLE auth_managed_workshop DROP CONSTRAINT {NO_OVERLAP}")
    for guard in reversed(_guards()):
        drop_guard(guard)
    later = managed.alias()
    is_former = sa.exists().where(
        later.c.user_id == managed.c.user_id,
        later.c.workshop_id == managed.c.workshop_id,
        later.c.valid_from > managed.c.valid_from,
    )
    op.execute(managed.delete().where(managed.c.is_deputy, is_former))
    op.drop_index("ix_auth_managed_workshop_manager", "auth_managed_workshop")
    op.drop_index("ix_auth_managed_workshop_user_id", "auth_managed_workshop")
    op.create_index(
        "ix_auth_managed_workshop_user_id", "auth_managed_workshop", ["user_id", "workshop_id"], unique=True
    )


def _guards() -> tuple[Guard, ...]:
    days = SQLITE_DAYS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_DAYS
    return (
        Guard("auth_deputy_days", "auth_managed_workshop", ("INSERT", "UPDATE"), days),
        Guard("auth_deputy_named", "auth_managed_workshop", ("INSERT",), HAS_NO_MANAGER, lock=LOCK_MANAGER),
    )


def _end_without_manager() -> None:
    own = managed.alias()
    still_manages = sa.exists().where(
        own.c.user_id == managed.c.named_by,
        own.c.workshop_id == managed.c.workshop_id,
        ~own.c.is_deputy,
        user.c.id == own.c.user_id,
        user.c.disabled_at.is_(None),
    )
    op.execute(managed.delete().where(managed.c.is_deputy, ~still_manages))


def _cut_to_length() -> None:
    bind = op.get_bind()
    today = date.fromisoformat(str(bind.scalar(sa.select(sa.func.current_date()))))
    rows = bind.execute(sa.select(managed.c.id, managed.c.valid_from, managed.c.valid_until).where(managed.c.is_deputy))
    for row in rows.all():
        first, last = _cut(row.valid_from, row.valid_until, today)
        op.execute(managed.update().where(managed.c.id == row.id).values(valid_from=first, valid_until=last))


def _cut(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    first, last = first or min(today, last or today), last or date.max
    if (last - first).days < DAYS_MAX:
        return first, last
    first = today if first < today <= last else first
    return first, min(last, first + timedelta(days=DAYS_MAX - 1))
