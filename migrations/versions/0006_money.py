"""Tariffs and charges, cost pools and allocations.

Charges and everything of a posted allocation are append-only: corrections are reversals.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What stands in these tables is history: the database refuses to change or delete it, whoever asks.
POSTED = (
    "billing_charge",
    "billing_allocation",
    "billing_allocation_cost",
    "billing_allocation_line",
    "billing_allocation_slip",
)


def forbid_changes(table: str, verb: str) -> None:
    """Refuse a verb (UPDATE or DELETE) on a table, on both databases, with one wording."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION booking_refuse_change()"
        )


def upgrade() -> None:
    op.create_table(
        "billing_pool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_billing_pool_machine_id_booking_machine")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_pool")),
        sa.UniqueConstraint("name", name=op.f("uq_billing_pool_name")),
    )
    op.create_index(op.f("ix_billing_pool_machine_id"), "billing_pool", ["machine_id"], unique=False)
    op.create_table(
        "billing_tariff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("charge_unit", sa.String(), nullable=False),
        sa.Column("member_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("guest_price", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("minimum_cents", sa.Integer(), nullable=False),
        sa.Column("minimum_amount", sa.Integer(), nullable=False),
        sa.Column("step_amount", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "minimum_cents >= 0 AND minimum_amount >= 0 AND step_amount > 0",
            name=op.f("ck_billing_tariff_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_billing_tariff_machine_id_booking_machine")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_tariff")),
    )
    op.create_index(op.f("ix_billing_tariff_machine_id"), "billing_tariff", ["machine_id", "valid_from"], unique=True)
    op.create_table(
        "billing_allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pool_id", sa.Integer(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("posted_at", UtcDateTime(), nullable=False),
        sa.Column("posted_by", sa.Integer(), nullable=True),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint("period_from <= period_until", name=op.f("ck_billing_allocation_period")),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["billing_pool.id"], name=op.f("fk_billing_allocation_pool_id_billing_pool")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["billing_allocation.id"],
            name=op.f("fk_billing_allocation_reverses_id_billing_allocation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_allocation")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_billing_allocation_reverses_id")),
    )
    op.create_index(
        op.f("ix_billing_allocation_pool_id"), "billing_allocation", ["pool_id", "period_from"], unique=False
    )
    op.create_table(
        "billing_cost",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pool_id", sa.Integer(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("net_cents <> 0", name=op.f("ck_billing_cost_not_zero")),
        sa.ForeignKeyConstraint(["pool_id"], ["billing_pool.id"], name=op.f("fk_billing_cost_pool_id_billing_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_cost")),
    )
    op.create_index(op.f("ix_billing_cost_pool_id"), "billing_cost", ["pool_id", "service_date"], unique=False)
    op.create_table(
        "billing_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pool_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("shares", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.CheckConstraint("shares >= 0", name=op.f("ck_billing_share_not_negative")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_billing_share_member_id_booking_member")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["billing_pool.id"], name=op.f("fk_billing_share_pool_id_billing_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_share")),
    )
    op.create_index(
        op.f("ix_billing_share_pool_id"), "billing_share", ["pool_id", "member_id", "valid_from"], unique=True
    )
    op.create_table(
        "billing_allocation_cost",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("cost_id", sa.Integer(), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["billing_allocation.id"],
            name=op.f("fk_billing_allocation_cost_allocation_id_billing_allocation"),
        ),
        sa.ForeignKeyConstraint(
            ["cost_id"], ["billing_cost.id"], name=op.f("fk_billing_allocation_cost_cost_id_billing_cost")
        ),
        sa.PrimaryKeyConstraint("allocation_id", "cost_id", name=op.f("pk_billing_allocation_cost")),
    )
    op.create_index(op.f("ix_billing_allocation_cost_cost_id"), "billing_allocation_cost", ["cost_id"], unique=False)
    op.create_table(
        "billing_allocation_line",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("weight_sum", sa.Integer(), nullable=False),
        sa.Column("pot_cents", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("got_rounding_cent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["billing_allocation.id"],
            name=op.f("fk_billing_allocation_line_allocation_id_billing_allocation"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_billing_allocation_line_member_id_booking_member")
        ),
        sa.PrimaryKeyConstraint("allocation_id", "key", "member_id", name=op.f("pk_billing_allocation_line")),
    )
    op.create_index(
        op.f("ix_billing_allocation_line_member_id"), "billing_allocation_line", ["member_id"], unique=False
    )
    op.create_table(
        "billing_allocation_slip",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("usage_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["billing_allocation.id"],
            name=op.f("fk_billing_allocation_slip_allocation_id_billing_allocation"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_billing_allocation_slip_member_id_booking_member")
        ),
        sa.ForeignKeyConstraint(
            ["usage_id"], ["booking_usage.id"], name=op.f("fk_billing_allocation_slip_usage_id_booking_usage")
        ),
        sa.PrimaryKeyConstraint("allocation_id", "usage_id", name=op.f("pk_billing_allocation_slip")),
    )
    op.create_index(op.f("ix_billing_allocation_slip_usage_id"), "billing_allocation_slip", ["usage_id"], unique=False)
    op.create_table(
        "billing_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("usage_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("tariff_id", sa.Integer(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("charged_amount", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("working", sa.JSON(), nullable=False),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_billing_charge_machine_id_booking_machine")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_billing_charge_member_id_booking_member")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["billing_charge.id"], name=op.f("fk_billing_charge_reverses_id_billing_charge")
        ),
        sa.ForeignKeyConstraint(
            ["tariff_id"], ["billing_tariff.id"], name=op.f("fk_billing_charge_tariff_id_billing_tariff")
        ),
        sa.ForeignKeyConstraint(
            ["usage_id"], ["booking_usage.id"], name=op.f("fk_billing_charge_usage_id_booking_usage")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_charge")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_billing_charge_reverses_id")),
    )
    op.create_index(op.f("ix_billing_charge_member_id"), "billing_charge", ["member_id", "service_date"], unique=False)
    op.create_index(op.f("ix_billing_charge_usage_id"), "billing_charge", ["usage_id", "id"], unique=False)
    for table in POSTED:
        for verb in ("UPDATE", "DELETE"):
            forbid_changes(table, verb)


def downgrade() -> None:

    op.drop_table("billing_charge")
    op.drop_table("billing_allocation_slip")
    op.drop_table("billing_allocation_line")
    op.drop_table("billing_allocation_cost")
    op.drop_table("billing_share")
    op.drop_table("billing_cost")
    op.drop_table("billing_allocation")
    op.drop_table("billing_tariff")
    op.drop_table("billing_pool")
