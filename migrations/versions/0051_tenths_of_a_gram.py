"""Amounts of machines that are charged by the gram are counted in tenths of a gram.

All amounts in grams are multiplied by ten, those of posted charges and allocations too: they mean what they meant.
A step of one gram was the finest there was, and stays the finest step.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

FINER = 10
BATCH = 1_000
AMOUNTS = ("used_amount", "booked_amount", "counted_amount", "stepped_amount", "minimum_amount", "charged_amount")
# Table, then its primary key and every unique key, as in the migrations that made them append-only.
APPEND_ONLY = (
    ("billing_charge", ("id",), ("usage_id", "number"), ("reverses_id",)),
    ("billing_cost_group", ("allocation_id", "number")),
    ("billing_allocation_line", ("allocation_id", "group_number", "member_id")),
    ("billing_allocation_slip", ("allocation_id", "usage_id")),
)
CHARGED_TARIFF = Guard(
    "billing_tariff_kept",
    "billing_tariff",
    ("UPDATE", "DELETE"),
    "EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.id)",
)
IN_GRAMS = "key = 'use' AND charge_unit = 'g'"


def upgrade() -> None:
    _convert("* 10", to_finer=True)


def downgrade() -> None:
    _convert("/ 10", to_finer=False)


def _convert(factor: str, *, to_finer: bool) -> None:
    drop_guard(CHARGED_TARIFF)
    for table, *_keys in APPEND_ONLY:
        drop_append_only(table)
    op.execute(
        f"UPDATE booking_usage SET reading_before = reading_before {factor}, reading_after = reading_after {factor}, "
        f"booked_amount = booked_amount {factor}, used_amount = used_amount {factor} WHERE charge_unit = 'g'"
    )
    op.execute(
        f"UPDATE billing_tariff SET minimum_amount = minimum_amount {factor}, "
        f"step_amount = CASE WHEN step_amount = 1 THEN 1 ELSE step_amount {factor} END WHERE charge_unit = 'g'"
    )
    op.execute(
        f"UPDATE billing_allocation_line SET weight = weight {factor} WHERE EXISTS (SELECT 1 FROM billing_cost_group "
        "WHERE billing_cost_group.allocation_id = billing_allocation_line.allocation_id "
        f"AND number = group_number AND {IN_GRAMS})"
    )
    op.execute(
        f"UPDATE billing_allocation_slip SET amount = amount {factor} WHERE EXISTS (SELECT 1 FROM booking_usage "
        "WHERE booking_usage.id = usage_id AND charge_unit = 'g')"
    )
    op.execute(f"UPDATE billing_cost_group SET weight_sum = weight_sum {factor} WHERE {IN_GRAMS}")
    _convert_charges(to_finer=to_finer)
    for table, *keys in APPEND_ONLY:
        make_append_only(table, *keys)
    create_guard(CHARGED_TARIFF)


def _convert_charges(*, to_finer: bool) -> None:
    connection = op.get_bind()
    charge = sa.table(
        "billing_charge",
        sa.column("id", sa.Integer),
        sa.column("charge_unit", sa.String),
        sa.column("charged_amount", sa.BigInteger),
        sa.column("calculation", sa.JSON),
    )
    change = (
        sa.update(charge)
        .where(charge.c.id == sa.bindparam("charge_id"))
        .values(charged_amount=sa.bindparam("amount"), calculation=sa.bindparam("numbers"))
    )
    of_grams = sa.select(charge.c.id, charge.c.charged_amount, charge.c.calculation).where(charge.c.charge_unit == "g")
    after = 0
    while rows := connection.execute(of_grams.where(charge.c.id > after).order_by(charge.c.id).limit(BATCH)).all():
        after = rows[-1].id
        converted = [
            {
                "charge_id": row.id,
                "amount": _scaled(row.charged_amount, to_finer=to_finer),
                "numbers": _converted(row.calculation, to_finer=to_finer),
            }
            for row in rows
        ]
        connection.execute(change, converted)


def _converted(calculation: dict[str, Any] | str, *, to_finer: bool) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(calculation) if isinstance(calculation, str) else calculation
    scaled = {name: _scaled(stored[name], to_finer=to_finer) for name in AMOUNTS}
    step = stored["step_amount"]
    scaled["step_amount"] = 1 if step == 1 else _scaled(step, to_finer=to_finer)
    return stored | scaled | {"small_per_unit": FINER if to_finer else 1}


def _scaled(amount: int | None, *, to_finer: bool) -> int | None:
    if amount is None:
        return None
    return amount * FINER if to_finer else int(amount / FINER)
