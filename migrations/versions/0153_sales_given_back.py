"""A sale of material that is taken back gives the material back: the database refuses the entry of the one without
the other. Expand-only.

The fee has no effect on what is owed before its entry, and the move of the stock is entered before that.
"""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0153"
down_revision = "0152"
branch_labels = None
depends_on = None

TAKES_BACK_SALE = """SELECT 1 FROM billing_fee AS fee JOIN billing_stock_move AS sale ON sale.fee_id = fee.reverses_id
WHERE fee.id = NEW.fee_id"""
GIVEN_BACK = "SELECT 1 FROM billing_stock_move AS back WHERE back.fee_id = NEW.fee_id"
GUARD = Guard(
    "billing_entry_sale_given_back",
    "billing_entry",
    ("INSERT",),
    f"NEW.fee_id IS NOT NULL AND EXISTS ({TAKES_BACK_SALE}) AND NOT EXISTS ({GIVEN_BACK})",
)


def upgrade() -> None:
    create_guard(GUARD)


def downgrade() -> None:
    drop_guard(GUARD)
