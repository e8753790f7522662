"""A sale of material, or its return, is of the quantity of its fee: the database refuses another one. Expand-only."""

from __future__ import annotations

from alembic import op

from migrations.guards import Guard, create_guard, drop_guard

revision = "0150"
down_revision = "0149"
branch_labels = None
depends_on = None

# Quantities have three decimals at most, and stand as text in the working of a fee.
SOLD = {
    "sqlite": "CAST(ROUND(CAST(json_extract(fee.calculation, '$.quantity') AS REAL) * 1000) AS INTEGER)",
    "postgresql": "(fee.calculation ->> 'quantity')::numeric * 1000",
}
OTHER = """NEW.fee_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_fee AS fee
WHERE fee.id = NEW.fee_id AND fee.kind = 'material' AND (fee.reverses_id IS NULL) = (NEW.kind = 'sale')
  AND {sold} = ABS(NEW.quantity))"""


def upgrade() -> None:
    create_guard(_guard())


def downgrade() -> None:
    drop_guard(_guard())


def _guard() -> Guard:
    condition = OTHER.format(sold=SOLD[op.get_bind().dialect.name])
    return Guard("billing_stock_move_as_its_fee", "billing_stock_move", ("INSERT",), condition)
