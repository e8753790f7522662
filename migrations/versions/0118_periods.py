"""Accounting periods: soft-closed and closed ones, and what the ledger refuses because of them. Expand-only.

An entry is refused where its posting date is not after the last closed period. PostgreSQL shares the lock of the
ledger's row first: closing a period holds it, so that an entry is either in the hash or refused. In a soft-closed
period, only a treasurer posts. A closed period is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.guards import Guard, create_guard, drop_guard

revision = "0118"
down_revision = "0117"
branch_labels = None
depends_on = None

LOCK = "PERFORM 1 FROM billing_ledger WHERE id = 1 FOR {strength};"
AFTER_CLOSED = "EXISTS (SELECT 1 FROM billing_period WHERE state = 'closed' AND last_day >= NEW.posting_date)"
BY_NO_TREASURER = (
    "EXISTS (SELECT 1 FROM billing_period "
    "WHERE state = 'soft_closed' AND NEW.posting_date BETWEEN first_day AND last_day) "
    "AND NOT EXISTS (SELECT 1 FROM auth_user WHERE id = NEW.posted_by AND is_treasurer)"
)
OVERLAPS = (
    "EXISTS (SELECT 1 FROM billing_period "
    "WHERE id = NEW.id OR (first_day <= NEW.last_day AND last_day >= NEW.first_day))"
)
OTHER_DAYS = (
    "(NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.first_day <> OLD.first_day OR NEW.last_day <> OLD.last_day)"
)
GUARDS = (
    Guard("billing_period_closed", "billing_entry", ("INSERT",), AFTER_CLOSED, LOCK.format(strength="SHARE")),
    Guard("billing_period_soft_closed", "billing_entry", ("INSERT",), f"({BY_NO_TREASURER})"),
    Guard("billing_period_overlap", "billing_period", ("INSERT",), OVERLAPS, LOCK.format(strength="UPDATE")),
    Guard(
        "billing_period_final",
        "billing_period",
        ("UPDATE", "DELETE"),
        "OLD.state = 'closed'",
        LOCK.format(strength="UPDATE"),
    ),
    Guard("billing_period_days", "billing_period", ("UPDATE",), OTHER_DAYS),
)
NO_TRUNCATE = "billing_period_no_truncate"


def upgrade() -> None:
    op.create_table(
        "billing_period",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("entries", sa.Integer),
        sa.Column("lines", sa.Integer),
        sa.Column("debit_cents", sa.BigInteger),
        sa.Column("sha256", sa.String),
        sa.Column("closed_at", UtcDateTime),
        sa.Column("closed_by", sa.Integer),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("first_day <= last_day", name="days"),
        sa.CheckConstraint("state IN ('open', 'soft_closed', 'closed')", name="state"),
        sa.CheckConstraint(
            "(state = 'closed') = (sha256 IS NOT NULL AND entries IS NOT NULL AND closed_at IS NOT NULL)",
            name="sealed",
        ),
    )
    op.execute(
        "ALTER TABLE billing_ledger ADD COLUMN period_length VARCHAR DEFAULT 'year' NOT NULL "
        "CONSTRAINT ck_billing_ledger_period_length CHECK (period_length IN ('year', 'month'))"
    )
    for guard in GUARDS:
        create_guard(guard)
    if not _is_sqlite():
        op.execute(
            f"CREATE TRIGGER {NO_TRUNCATE} BEFORE TRUNCATE ON billing_period "
            "FOR EACH STATEMENT EXECUTE FUNCTION booking_refuse_change()"
        )


def downgrade() -> None:
    if not _is_sqlite():
        op.execute(f"DROP TRIGGER {NO_TRUNCATE} ON billing_period")
    for guard in GUARDS:
        drop_guard(guard)
    op.drop_column("billing_ledger", "period_length")
    op.drop_table("billing_period")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
