"""Whether a pool leaves guests out, and whether shares outlast the membership.

Shares that were entered from a day after the end of the membership outlast it: that is what the treasurer entered.
All others end with it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

ENTERED_AFTER_THE_END = """
UPDATE billing_share SET outlasts_membership = true
WHERE EXISTS (
    SELECT 1 FROM booking_member
    WHERE booking_member.id = billing_share.member_id AND booking_member.left_on < billing_share.valid_from)
"""


def upgrade() -> None:
    no = sa.false()
    op.add_column("billing_pool", sa.Column("excludes_guests", sa.Boolean, nullable=False, server_default=no))
    op.add_column("billing_share", sa.Column("outlasts_membership", sa.Boolean, nullable=False, server_default=no))
    op.execute(ENTERED_AFTER_THE_END)


def downgrade() -> None:
    op.drop_column("billing_share", "outlasts_membership")
    op.drop_column("billing_pool", "excludes_guests")
