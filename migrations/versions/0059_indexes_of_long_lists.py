"""Indexes in the order in which long lists are shown, so that a page costs what it shows.

Expand-only: slips by hand-out, also the disputed ones and those of a member and machine; charges by day of service and
by posting; reservations by status and start; the slips of a member in an allocation.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

IS_DISPUTED = sa.text("objected_at IS NOT NULL AND answered_at IS NULL")
INDEXES = (
    ("ix_booking_usage_newest", "booking_usage", ["handed_out_at", "id"]),
    ("ix_booking_usage_member_machine", "booking_usage", ["member_id", "machine_id", "handed_out_at"]),
    ("ix_billing_charge_day", "billing_charge", ["service_date", "cents"]),
    ("ix_billing_charge_posted", "billing_charge", ["created_at", "id"]),
    ("ix_billing_allocation_slip_member", "billing_allocation_slip", ["member_id", "allocation_id", "usage_id"]),
    ("ix_booking_reservation_status_start", "booking_reservation", ["status", "starts_at", "id"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    op.create_index(
        "ix_booking_usage_disputed",
        "booking_usage",
        ["handed_out_at", "id"],
        sqlite_where=IS_DISPUTED,
        postgresql_where=IS_DISPUTED,
    )
    op.drop_index("ix_billing_charge_created_at", "billing_charge")


def downgrade() -> None:
    op.create_index("ix_billing_charge_created_at", "billing_charge", ["created_at"])
    op.drop_index("ix_booking_usage_disputed", "booking_usage")
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
