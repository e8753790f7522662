"""When the import that entered a reservation was undone.

Expand-only: a nullable column. Older versions of the program show such a reservation as cancelled.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking_reservation", sa.Column("import_undone_at", UtcDateTime))


def downgrade() -> None:
    op.drop_column("booking_reservation", "import_undone_at")
