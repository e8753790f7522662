"""Who issues and receives documents: bank details, VAT regimes by date, and rates of VAT. Expand-only."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0112"
down_revision = "0111"
branch_labels = None
depends_on = None

TEXTS = (
    "vat_id",
    "tax_number",
    "iban",
    "creditor_id",
    "document_email",
    "leitweg_id",
    "contact_name",
    "contact_phone",
    "contact_email",
)
# Code, percent, first day, last day for which it is known; none: until another one is entered.
RATES = (
    ("standard", "19", date(2021, 1, 1), None),
    ("reduced", "7", date(2021, 1, 1), None),
    ("flat_rate", "10.7", date(2007, 1, 1), None),
    ("flat_rate", "9.5", date(2022, 1, 1), None),
    ("flat_rate", "9.0", date(2023, 1, 1), None),
    ("flat_rate", "8.4", date(2024, 12, 6), None),
    ("flat_rate", "7.8", date(2025, 1, 1), date(2025, 12, 31)),
)


def upgrade() -> None:
    op.create_table(
        "billing_party",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), unique=True),
        *(sa.Column(name, sa.String, nullable=False) for name in TEXTS),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("coalesce(member_id, 0) = id", name="ring_or_member"),
    )
    op.create_table(
        "billing_vat_regime",
        sa.Column("party_id", sa.Integer, sa.ForeignKey("billing_party.id"), primary_key=True, autoincrement=False),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("regime", sa.String, nullable=False),
        sa.CheckConstraint("regime IN ('regular', 'small', 'flat_rate', 'outside')", name="regime"),
    )
    rates = op.create_table(
        "billing_vat_rate",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("percent", sa.Numeric(5, 2), nullable=False),
        sa.Column("known_until", sa.Date),
        sa.CheckConstraint("code IN ('standard', 'reduced', 'flat_rate')", name="code"),
        sa.CheckConstraint("percent >= 0 AND percent < 100", name="percent"),
        sa.CheckConstraint("known_until IS NULL OR known_until >= valid_from", name="days"),
    )
    op.bulk_insert(
        rates,
        [
            {"code": code, "percent": Decimal(percent), "valid_from": since, "known_until": until}
            for code, percent, since, until in RATES
        ],
    )


def downgrade() -> None:
    for table in ("billing_vat_rate", "billing_vat_regime", "billing_party"):
        op.drop_table(table)
