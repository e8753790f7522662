"""Tax keys of DATEV rows (BU-Schlüssel): what the adviser states for both rates of VAT. Expand-only.

A ring that has made DATEV files wrote no keys, and its adviser books them in his way: none until one is entered.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0140"
down_revision = "0139"
branch_labels = None
depends_on = None

TABLE, KEYS = "billing_datev_terms", {"standard_key": "3", "reduced_key": "2"}


def upgrade() -> None:
    for name, default in KEYS.items():
        op.add_column(TABLE, sa.Column(name, sa.String, nullable=False, server_default=default))
    op.execute(
        "UPDATE billing_datev_terms SET standard_key = '', reduced_key = '' "
        "WHERE EXISTS (SELECT 1 FROM billing_export WHERE kind = 'datev')"
    )


def downgrade() -> None:
    for name in KEYS:
        op.drop_column(TABLE, name)
