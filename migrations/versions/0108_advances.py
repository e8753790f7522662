"""Advances of members, and what an allocation counts against a member's share: charges and advances. Expand-only.

A pool says what the charges of its machine are; null until the treasurer has answered. A charge, and a member's part of
an advance, is in at most one effective allocation.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None

COUNTING = "ix_billing_pool_counting"
EFFECTIVE = """EXISTS (SELECT 1 FROM {table} AS counted
JOIN billing_allocation AS posted ON posted.id = counted.allocation_id
WHERE {same} AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id))"""
IS_NO_REVERSAL = "(SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL"
GUARDS = (
    Guard(
        "billing_charge_counted_once",
        "billing_allocation_charge",
        ("INSERT",),
        f"{IS_NO_REVERSAL} AND "
        + EFFECTIVE.format(table="billing_allocation_charge", same="counted.charge_id = NEW.charge_id"),
        lock="PERFORM 1 FROM billing_charge WHERE id = NEW.charge_id FOR UPDATE;",
    ),
    Guard(
        "billing_advance_counted_once",
        "billing_allocation_advance",
        ("INSERT",),
        f"{IS_NO_REVERSAL} AND "
        + EFFECTIVE.format(
            table="billing_allocation_advance",
            same="counted.advance_id = NEW.advance_id AND counted.member_id = NEW.member_id",
        ),
        lock="PERFORM 1 FROM billing_advance WHERE id = NEW.advance_id FOR UPDATE;",
    ),
)
APPEND_ONLY = (
    ("billing_advance", ("id",), ("reverses_id",), ("form_key",)),
    ("billing_advance_line", ("advance_id", "member_id")),
    ("billing_allocation_charge", ("allocation_id", "charge_id")),
    ("billing_allocation_advance", ("allocation_id", "advance_id", "member_id")),
)


def upgrade() -> None:
    # Not rebuilt: other tables refer to it.
    op.execute(
        "ALTER TABLE billing_pool ADD COLUMN charges_are VARCHAR "
        "CONSTRAINT ck_billing_pool_charges_are CHECK (charges_are IN ('income', 'advance'))"
    )
    only = sa.text("charges_are = 'advance'")
    op.create_index(COUNTING, "billing_pool", ["machine_id"], unique=True, sqlite_where=only, postgresql_where=only)
    _create_advance()
    _create_counted()
    for table, *keys in APPEND_ONLY:
        make_append_only(table, *keys)
    for guard in GUARDS:
        create_guard(guard)


def downgrade() -> None:
    for guard in GUARDS:
        drop_guard(guard)
    for table, *_keys in reversed(APPEND_ONLY):
        drop_append_only(table)
        op.drop_table(table)
    op.drop_index(COUNTING, "billing_pool")
    op.drop_column("billing_pool", "charges_are")


def _create_advance() -> None:
    op.create_table(
        "billing_advance",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id"), nullable=False),
        sa.Column("period_from", sa.Date, nullable=False),
        sa.Column("period_until", sa.Date, nullable=False),
        sa.Column("shares_on", sa.Date, nullable=False),
        sa.Column("unit_cents", sa.BigInteger, nullable=False),
        sa.Column("total_cents", sa.BigInteger, nullable=False),
        sa.Column("posted_at", UtcDateTime, nullable=False),
        sa.Column("posted_by", sa.Integer),
        sa.Column("reverses_id", sa.Integer, sa.ForeignKey("billing_advance.id"), unique=True),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("form_key", sa.String, unique=True),
        sa.CheckConstraint("period_from <= period_until", name="period"),
        sa.CheckConstraint("unit_cents <> 0", name="not_zero"),
        sa.Index(None, "pool_id", "period_from"),
    )
    op.create_table(
        "billing_advance_line",
        sa.Column("advance_id", sa.Integer, sa.ForeignKey("billing_advance.id"), primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True),
        sa.Column("shares", sa.Integer, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
    )


def _create_counted() -> None:
    op.create_table(
        "billing_allocation_charge",
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), primary_key=True),
        sa.Column("charge_id", sa.Integer, sa.ForeignKey("billing_charge.id"), primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Index(None, "charge_id"),
        sa.Index(None, "allocation_id", "member_id"),
    )
    op.create_table(
        "billing_allocation_advance",
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), primary_key=True),
        sa.Column("advance_id", sa.Integer, sa.ForeignKey("billing_advance.id"), primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Index(None, "advance_id", "member_id"),
    )
