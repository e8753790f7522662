"""Totals of usage charges by day of service: the sum of a year reads 366 rows, however many charges there are.

An index finds the costs of a year. The database adds each charge to its day. Charges are append-only, so that nothing is ever subtracted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

ADD = "billing_charge_total_add"
ADDED = """INSERT INTO billing_charge_total (service_date, cents) VALUES (NEW.service_date, NEW.cents)
    ON CONFLICT (service_date) DO UPDATE SET cents = billing_charge_total.cents + excluded.cents;"""
SQLITE = f"CREATE TRIGGER {ADD} AFTER INSERT ON billing_charge BEGIN {ADDED} END"
POSTGRESQL_FUNCTION = f"""
CREATE FUNCTION {ADD}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {ADDED} RETURN NEW; END $$
"""
POSTGRESQL = f"CREATE TRIGGER {ADD} AFTER INSERT ON billing_charge FOR EACH ROW EXECUTE FUNCTION {ADD}()"


def upgrade() -> None:
    op.create_table(
        "billing_charge_total",
        sa.Column("service_date", sa.Date, primary_key=True),
        sa.Column("cents", sa.BigInteger, nullable=False),
    )
    op.execute(
        "INSERT INTO billing_charge_total (service_date, cents) "
        "SELECT service_date, sum(cents) FROM billing_charge GROUP BY service_date"
    )
    op.create_index("ix_billing_cost_service_date", "billing_cost", ["service_date"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL)


def downgrade() -> None:
    op.drop_index("ix_billing_cost_service_date", "billing_cost")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {ADD}")
    else:
        op.execute(f"DROP TRIGGER {ADD} ON billing_charge")
        op.execute(f"DROP FUNCTION {ADD}()")
    op.drop_table("billing_charge_total")
