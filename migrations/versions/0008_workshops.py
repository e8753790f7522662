"""Workshops and their opening hours.

Opening hours are minutes of a weekday in the time zone of the workshop; Monday is 0.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking_workshop",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("address_name", sa.String, nullable=False),
        sa.Column("address_street", sa.String, nullable=False),
        sa.Column("address_postcode", sa.String, nullable=False),
        sa.Column("address_town", sa.String, nullable=False),
        sa.Column("address_country", sa.String, nullable=False),
        sa.Column("address_text", sa.String, nullable=False),
        sa.Column("timezone", sa.String, nullable=False),
        sa.Column("holidays_region", sa.String, nullable=False),
        sa.Column("is_closed_on_holidays", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "booking_opening_hours",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("workshop_id", sa.Integer, sa.ForeignKey("booking_workshop.id"), nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("opens_minute", sa.Integer, nullable=False),
        sa.Column("closes_minute", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440", name="minutes"
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.Index(None, "workshop_id", "weekday", "opens_minute", unique=True),
    )


def downgrade() -> None:
    op.drop_table("booking_opening_hours")
    op.drop_table("booking_workshop")
