"""Tariffs whose prices do not include VAT, and what was added to a charge. Expand-only.

The prices of tariffs that exist include it, as they always did, and nothing was added to their charges.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0135"
down_revision = "0134"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not rebuilt: the guards of both tables would go with them.
    op.execute(
        "ALTER TABLE billing_tariff ADD COLUMN price_includes_vat BOOLEAN DEFAULT true NOT NULL "
        "CONSTRAINT ck_billing_tariff_vat CHECK (price_includes_vat OR tax_code IS NOT NULL)"
    )
    op.add_column("billing_charge", sa.Column("added_vat_cents", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("billing_charge", "added_vat_cents")
    op.execute("ALTER TABLE billing_tariff DROP COLUMN price_includes_vat")
