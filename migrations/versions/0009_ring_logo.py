"""The ring's own row learns its logo, and how often it was changed.

Expand-only: with the revision a settings window left open overwrites nothing that another one changed meanwhile.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    photo = sa.ForeignKey("booking_photo.id", name=op.f("fk_booking_ring_logo_photo_id_booking_photo"))
    # Inline, because SQLite adds no constraint to a table that stands.
    op.add_column("booking_ring", sa.Column("logo_photo_id", sa.Integer(), photo), inline_references=True)
    op.add_column("booking_ring", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("booking_ring", "revision")
    op.drop_column("booking_ring", "logo_photo_id")
