"""An index of the members to whom no document can be addressed, by number. Expand-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0158"
down_revision = "0157"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_booking_member_unaddressed", "booking_member"
IS_INCOMPLETE = sa.text("address_street = '' OR address_postcode = '' OR address_town = ''")


def upgrade() -> None:
    op.create_index(NAME, TABLE, ["number", "id"], sqlite_where=IS_INCOMPLETE, postgresql_where=IS_INCOMPLETE)


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
