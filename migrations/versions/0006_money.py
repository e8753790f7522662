"""Tariffs and charges, cost pools and allocations.

Charges and everything of a posted allocation are append-only: corrections are reversals. A cost is in at most
one allocation that counts, and then it stays as it is; so does a tariff that priced a use.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import make_append_only

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What stands in these tables is history: the database refuses to change or delete it, whoever asks.
POSTED = (
    ("billing_charge", ("id",), ("usage_id", "number"), ("reverses_id",)),
    ("billing_allocation", ("id",), ("reverses_id",)),
    ("billing_allocation_cost", ("allocation_id", "cost_id")),
    ("billing_allocation_pot", ("allocation_id", "pot")),
    ("billing_allocation_line", ("allocation_id", "pot", "member_id")),
    ("billing_allocation_slip", ("allocation_id", "usage_id")),
)

LIVE_ALLOCATION = """
SELECT 1 FROM billing_allocation_cost AS taken
JOIN billing_allocation AS posted ON posted.id = taken.allocation_id
WHERE taken.cost_id = {cost_id} AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)
"""


class Guard(NamedTuple):
    """A refusal on some verbs of a table, while a condition on OLD or NEW holds.

    lock: what PostgreSQL locks first, so that of two transactions at once the second sees the first.
    """

    name: str
    table: str
    verbs: tuple[str, ...]
    condition: str
    lock: str = ""


GUARDS = (
    Guard(
        "billing_cost_once",
        "billing_allocation_cost",
        ("INSERT",),
        "(SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL "
        f"AND EXISTS ({LIVE_ALLOCATION.format(cost_id='NEW.cost_id')})",
        lock="PERFORM 1 FROM billing_cost WHERE id = NEW.cost_id FOR UPDATE;",
    ),
    Guard(
        "billing_cost_kept",
        "billing_cost",
        ("UPDATE", "DELETE"),
        f"EXISTS ({LIVE_ALLOCATION.format(cost_id='OLD.id')})",
    ),
    Guard(
        "billing_tariff_kept",
        "billing_tariff",
        ("UPDATE", "DELETE"),
        "EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.id)",
    ),
    Guard(
        "billing_reversal_mirrors",
        "billing_allocation",
        ("INSERT",),
        "NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_allocation AS original "
        "WHERE original.id = NEW.reverses_id AND original.reverses_id IS NULL "
        "AND original.total_cents = -NEW.total_cents)",
    ),
)


def set_guard(guard: Guard) -> None:
    """Create a guard's trigger, on both databases, with its name as the wording."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in guard.verbs:
            op.execute(
                f"CREATE TRIGGER {guard.name}_{verb.lower()} BEFORE {verb} ON {guard.table} "
                f"WHEN {guard.condition} BEGIN SELECT RAISE(ABORT, '{guard.name}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {guard.lock} "
        f"IF {guard.condition} THEN RAISE EXCEPTION '{guard.name}' USING ERRCODE = 'restrict_violation'; END IF; "
        f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {guard.name} BEFORE {' OR '.join(guard.verbs)} ON {guard.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {guard.name}()"
    )


def upgrade() -> None:
    _make_pool()
    _make_tariff()
    _make_allocation()
    _make_cost()
    _make_share()
    _make_allocation_cost()
    _make_allocation_pot()
    _make_allocation_line()
    _make_allocation_slip()
    _make_charge()
    _make_unpriced()
    for table, *keys in POSTED:
        make_append_only(table, *keys)
    for guard in GUARDS:
        set_guard(guard)


def downgrade() -> None:
    op.drop_table("billing_unpriced")
    op.drop_table("billing_charge")
    op.drop_table("billing_allocation_slip")
    op.drop_table("billing_allocation_line")
    op.drop_table("billing_allocation_pot")
    op.drop_table("billing_allocation_cost")
    op.drop_table("billing_share")
    op.drop_table("billing_cost")
    op.drop_table("billing_allocation")
    op.drop_table("billing_tariff")
    op.drop_table("billing_pool")
    if op.get_bind().dialect.name == "postgresql":
        for guard in GUARDS:
            op.execute(f"DROP FUNCTION {guard.name}()")


def _make_pool() -> None:
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


def _make_tariff() -> None:
    op.create_table(
        "billing_tariff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
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
        sa.CheckConstraint("basis IN ('used', 'larger', 'booked')", name=op.f("ck_billing_tariff_basis")),
        sa.CheckConstraint("member_price >= 0 AND guest_price >= 0", name=op.f("ck_billing_tariff_prices")),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_billing_tariff_machine_id_booking_machine")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_tariff")),
    )
    op.create_index(
        op.f("ix_billing_tariff_machine_id"), "billing_tariff", ["machine_id", "valid_from", "version"], unique=True
    )


def _make_allocation() -> None:
    op.create_table(
        "billing_allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pool_id", sa.Integer(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
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


def _make_cost() -> None:
    op.create_table(
        "billing_cost",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pool_id", sa.Integer(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("net_cents <> 0", name=op.f("ck_billing_cost_not_zero")),
        sa.ForeignKeyConstraint(["pool_id"], ["billing_pool.id"], name=op.f("fk_billing_cost_pool_id_billing_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_cost")),
    )
    op.create_index(op.f("ix_billing_cost_pool_id"), "billing_cost", ["pool_id", "service_date"], unique=False)


def _make_share() -> None:
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


def _make_allocation_cost() -> None:
    op.create_table(
        "billing_allocation_cost",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("cost_id", sa.Integer(), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
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


def _make_allocation_pot() -> None:
    op.create_table(
        "billing_allocation_pot",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("pot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("shares_on", sa.Date(), nullable=True),
        sa.Column("charge_unit", sa.String(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("weight_sum", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["billing_allocation.id"],
            name=op.f("fk_billing_allocation_pot_allocation_id_billing_allocation"),
        ),
        sa.PrimaryKeyConstraint("allocation_id", "pot", name=op.f("pk_billing_allocation_pot")),
    )


def _make_allocation_line() -> None:
    op.create_table(
        "billing_allocation_line",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("pot", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("got_rounding_cent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id", "pot"],
            ["billing_allocation_pot.allocation_id", "billing_allocation_pot.pot"],
            name=op.f("fk_billing_allocation_line_allocation_id_billing_allocation_pot"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["booking_member.id"], name=op.f("fk_billing_allocation_line_member_id_booking_member")
        ),
        sa.PrimaryKeyConstraint("allocation_id", "pot", "member_id", name=op.f("pk_billing_allocation_line")),
    )
    op.create_index(
        op.f("ix_billing_allocation_line_member_id"), "billing_allocation_line", ["member_id"], unique=False
    )


def _make_allocation_slip() -> None:
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


def _make_charge() -> None:
    op.create_table(
        "billing_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("usage_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("tariff_id", sa.Integer(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("charged_amount", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("working", sa.JSON(), nullable=False),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(number % 2 = 0) = (reverses_id IS NOT NULL)", name=op.f("ck_billing_charge_even_reverses")
        ),
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
    op.create_index(
        op.f("ix_billing_charge_machine_id"), "billing_charge", ["machine_id", "service_date"], unique=False
    )
    op.create_index(op.f("ix_billing_charge_usage_id"), "billing_charge", ["usage_id", "number"], unique=True)


def _make_unpriced() -> None:
    op.create_table(
        "billing_unpriced",
        sa.Column("usage_id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["booking_machine.id"], name=op.f("fk_billing_unpriced_machine_id_booking_machine")
        ),
        sa.ForeignKeyConstraint(
            ["usage_id"], ["booking_usage.id"], name=op.f("fk_billing_unpriced_usage_id_booking_usage")
        ),
        sa.PrimaryKeyConstraint("usage_id", name=op.f("pk_billing_unpriced")),
    )
    op.create_index(
        op.f("ix_billing_unpriced_machine_id"), "billing_unpriced", ["machine_id", "service_date"], unique=False
    )
