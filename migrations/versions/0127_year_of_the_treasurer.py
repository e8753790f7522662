"""What the treasurer's desk reads: what of each member's balance stands in invoices, and the use of a machine by day.

Expand-only. The database adds each document to its member's balance, so that the desk reads one row per member however
many documents there are. Documents are append-only: nothing is ever subtracted, a cancellation has opposite amounts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0127"
down_revision = "0126"
branch_labels = None
depends_on = None

ADD = "billing_balance_invoiced"
IS_INVOICE = "WHEN (NEW.kind IN ('invoice', 'cancellation'))"
ADDED = """INSERT INTO billing_balance (member_id, cents, lines, invoiced_cents) VALUES (NEW.member_id, 0, 0, NEW.gross_cents)
    ON CONFLICT (member_id) DO UPDATE SET invoiced_cents = billing_balance.invoiced_cents + excluded.invoiced_cents;"""
USE = "ix_booking_usage_use"


def upgrade() -> None:
    op.add_column("billing_balance", sa.Column("invoiced_cents", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(
        "UPDATE billing_balance SET invoiced_cents = coalesce((SELECT sum(gross_cents) FROM billing_document "
        "WHERE billing_document.member_id = billing_balance.member_id AND kind IN ('invoice', 'cancellation')), 0)"
    )
    op.create_index(USE, "booking_usage", ["machine_id", "charge_unit", "service_date", "used_amount"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {ADD} AFTER INSERT ON billing_document {IS_INVOICE} BEGIN {ADDED} END")
        return
    op.execute(f"CREATE FUNCTION {ADD}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {ADDED} RETURN NULL; END $$")
    op.execute(
        f"CREATE TRIGGER {ADD} AFTER INSERT ON billing_document FOR EACH ROW {IS_INVOICE} EXECUTE FUNCTION {ADD}()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {ADD}")
    else:
        op.execute(f"DROP TRIGGER {ADD} ON billing_document")
        op.execute(f"DROP FUNCTION {ADD}()")
    op.drop_index(USE, "booking_usage")
    op.drop_column("billing_balance", "invoiced_cents")
