"""The ring: one row with its name, time zone and policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_ring",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("address_name", sa.String, nullable=False),
        sa.Column("address_street", sa.String, nullable=False),
        sa.Column("address_postcode", sa.String, nullable=False),
        sa.Column("address_town", sa.String, nullable=False),
        sa.Column("address_country", sa.String, nullable=False),
        sa.Column("address_text", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("holidays_region", sa.String, nullable=False),
        sa.Column("colour", sa.String, nullable=False),
        sa.Column("objection_days", sa.Integer, nullable=False),
        sa.Column("is_catalogue_public", sa.Boolean, nullable=False),
        sa.Column("requires_second_factor", sa.Boolean, nullable=False),
        sa.Column("logo_photo_id", sa.Integer, sa.ForeignKey("booking_photo.id")),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.CheckConstraint("objection_days BETWEEN 0 AND 365", name="objection_days"),
    )


def downgrade() -> None:
    op.drop_table("booking_ring")
