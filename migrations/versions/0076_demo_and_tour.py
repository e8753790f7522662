"""Whether the ring is the demo, and whether a login has ended the tour.

A ring whose logins are all the demo's is the demo. Who has a login already is not on the first log-in, but in the demo.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

IS_DEMO = (
    "EXISTS (SELECT 1 FROM auth_user) AND NOT EXISTS (SELECT 1 FROM auth_user WHERE email NOT LIKE '%@demo.example')"
)


def upgrade() -> None:
    op.add_column("booking_ring", sa.Column("is_demo", sa.Boolean, server_default=sa.false(), nullable=False))
    op.add_column("auth_user", sa.Column("tour_ended_at", UtcDateTime, nullable=True))
    ring = sa.table("booking_ring", sa.column("is_demo", sa.Boolean))
    op.execute(ring.update().where(sa.text(IS_DEMO)).values(is_demo=sa.true()))
    op.execute("UPDATE auth_user SET tour_ended_at = created_at WHERE email NOT LIKE '%@demo.example'")


def downgrade() -> None:
    op.drop_column("auth_user", "tour_ended_at")
    op.drop_column("booking_ring", "is_demo")
