"""Members of the ring, and the classes by which they pay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


PRICE_CLASSES = (
    {"code": "member", "name_de": "Mitglied", "name_en": "member", "sort_order": 1},
    {"code": "guest", "name_de": "Gast", "name_en": "guest", "sort_order": 2},
)


def upgrade() -> None:
    price_class = op.create_table(
        "booking_price_class",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("name_de", sa.String, nullable=False),
        sa.Column("name_en", sa.String, nullable=False),
        sa.Column("sort_order", sa.Integer, nullable=False, unique=True),
        sa.CheckConstraint("code <> '' AND name_de <> '' AND name_en <> ''", name="not_empty"),
    )
    op.bulk_insert(price_class, list(PRICE_CLASSES))
    op.create_table(
        "booking_member",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("trade", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("phone", sa.String, nullable=False),
        sa.Column("address_name", sa.String, nullable=False),
        sa.Column("address_street", sa.String, nullable=False),
        sa.Column("address_postcode", sa.String, nullable=False),
        sa.Column("address_town", sa.String, nullable=False),
        sa.Column("address_country", sa.String, nullable=False),
        sa.Column("address_text", sa.String, nullable=False),
        sa.Column("price_class", sa.String, sa.ForeignKey("booking_price_class.code"), nullable=False),
        sa.Column("joined_on", sa.Date),
        sa.Column("left_on", sa.Date),
        sa.Column("schedule_version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("booking_member")
    op.drop_table("booking_price_class")
