"""Tariffs with lines, tiers, surcharges and variants, and a cap for a day. Expand-only.

Tariffs that exist have none of it and price as before. A tariff that has priced a use keeps its parts as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0119"
down_revision = "0118"
branch_labels = None
depends_on = None

TABLES = ("billing_tariff_line", "billing_tariff_tier", "billing_tariff_adjustment")
LOCK_TARIFF = "PERFORM 1 FROM billing_tariff WHERE id = {row}.tariff_id FOR UPDATE;"
HAS_CHARGE = "EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = {row}.tariff_id)"


def _guards() -> list[Guard]:
    found = []
    for table in TABLES:
        for name, verbs, row in (("kept", ("UPDATE", "DELETE"), "OLD"), ("final", ("INSERT", "UPDATE"), "NEW")):
            condition, lock = HAS_CHARGE.format(row=row), LOCK_TARIFF.format(row=row)
            found.append(Guard(f"{table}_{name}", table, verbs, condition, lock=lock))
    return found


def upgrade() -> None:
    # Not rebuilt: charges refer to it, and its guard would go with it.
    op.add_column("billing_tariff", sa.Column("has_parts", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(
        "ALTER TABLE billing_tariff ADD COLUMN cap_day_cents BIGINT "
        "CONSTRAINT ck_billing_tariff_cap CHECK (cap_day_cents > 0)"
    )
    _create_lines()
    for guard in _guards():
        create_guard(guard)


def downgrade() -> None:
    for guard in _guards():
        drop_guard(guard)
    for table in ("billing_tariff_adjustment", "billing_tariff_tier", "billing_tariff_line"):
        op.drop_table(table)
    op.drop_column("billing_tariff", "cap_day_cents")
    op.drop_column("billing_tariff", "has_parts")


def _create_lines() -> None:
    op.create_table(
        "billing_tariff_line",
        sa.Column("tariff_id", sa.Integer, sa.ForeignKey("billing_tariff.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("step_amount", sa.BigInteger, nullable=False),
        sa.Column("minimum_amount", sa.BigInteger, nullable=False),
        sa.Column("free_amount", sa.BigInteger, nullable=False),
        sa.Column("free_times", sa.Integer, nullable=False),
        sa.Column("month_free_amount", sa.BigInteger, nullable=False),
        sa.Column("is_volume", sa.Boolean, nullable=False),
        sa.Column("is_required", sa.Boolean, nullable=False),
        sa.CheckConstraint("position >= 0", name="position"),
        sa.CheckConstraint(
            "minimum_amount >= 0 AND step_amount > 0 AND free_amount >= 0 AND free_times > 0"
            " AND month_free_amount >= 0",
            name="not_negative",
        ),
        sa.Index(None, "tariff_id", "name", unique=True),
    )
    op.create_table(
        "billing_tariff_tier",
        sa.Column("tariff_id", sa.Integer, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("price_class", sa.String, sa.ForeignKey("booking_price_class.code"), primary_key=True),
        sa.Column("from_amount", sa.BigInteger, primary_key=True),
        sa.Column("price", sa.Numeric(12, 4), nullable=False),
        sa.ForeignKeyConstraint(
            ["tariff_id", "position"], ["billing_tariff_line.tariff_id", "billing_tariff_line.position"]
        ),
        sa.CheckConstraint("price >= 0 AND from_amount >= 0", name="not_negative"),
        sa.CheckConstraint("position > 0 OR from_amount > 0", name="first_price"),
    )
    op.create_table(
        "billing_tariff_adjustment",
        sa.Column("tariff_id", sa.Integer, sa.ForeignKey("billing_tariff.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("value", sa.Numeric(12, 4), nullable=False),
        sa.Column("applies", sa.String, nullable=False),
        *(sa.Column(name, sa.Integer) for name in ("weekdays", "from_minute", "until_minute", "from_day", "until_day")),
        sa.CheckConstraint("kind IN ('percent', 'fixed', 'per_unit')", name="kind"),
        sa.CheckConstraint("applies IN ('always', 'chosen', 'times')", name="applies"),
        sa.CheckConstraint(
            "(applies = 'times') = (weekdays IS NOT NULL AND from_minute IS NOT NULL AND until_minute IS NOT NULL"
            " AND from_day IS NOT NULL AND until_day IS NOT NULL)",
            name="times",
        ),
        sa.CheckConstraint("applies <> 'times' OR kind = 'percent'", name="times_of_percent"),
        sa.Index(None, "tariff_id", "name", unique=True),
    )
