"""How many dates a series may have that managers enter. Expand-only: a column with its default and its rule."""

from __future__ import annotations

from alembic import op

revision = "0152"
down_revision = "0151"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With its rule in one statement, which both databases know: no table need be rebuilt.
    op.execute(
        "ALTER TABLE booking_ring ADD COLUMN series_dates_managers INTEGER DEFAULT 200 NOT NULL"
        " CONSTRAINT ck_booking_ring_series_dates_managers CHECK (series_dates_managers BETWEEN 200 AND 1000)"
    )


def downgrade() -> None:
    op.drop_column("booking_ring", "series_dates_managers")
