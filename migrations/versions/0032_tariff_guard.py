"""The guards of tariffs: one that has priced a use is neither changed nor deleted, nor are its prices.

Nor does it get another price. A correction is a higher version of the tariff.
"""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

LOCK_TARIFF = "PERFORM 1 FROM billing_tariff WHERE id = {tariff_id} FOR UPDATE;"
HAS_CHARGE = "EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = {tariff_id})"

CHARGED_TARIFF = Guard(
    "billing_tariff_kept",
    "billing_tariff",
    ("UPDATE", "DELETE"),
    HAS_CHARGE.format(tariff_id="OLD.id"),
)
CHARGED_PRICE = Guard(
    "billing_tariff_price_kept",
    "billing_tariff_price",
    ("UPDATE", "DELETE"),
    HAS_CHARGE.format(tariff_id="OLD.tariff_id"),
    lock=LOCK_TARIFF.format(tariff_id="OLD.tariff_id"),
)
NEW_PRICE = Guard(
    "billing_tariff_price_final",
    "billing_tariff_price",
    ("INSERT", "UPDATE"),
    HAS_CHARGE.format(tariff_id="NEW.tariff_id"),
    lock=LOCK_TARIFF.format(tariff_id="NEW.tariff_id"),
)
GUARDS = (CHARGED_TARIFF, CHARGED_PRICE, NEW_PRICE)


def upgrade() -> None:
    for guard in GUARDS:
        create_guard(guard)


def downgrade() -> None:
    for guard in reversed(GUARDS):
        drop_guard(guard)
