"""The sums of each account by posting date, added up as entries are posted. Expand-only; what is posted already is summed.

The trial balance and the sums of a period read them instead of every line of the ledger. The lines of an entry are
inserted before it, so that its trigger finds them all.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0124"
down_revision = "0123"
branch_labels = None
depends_on = None

TRIGGER = "billing_account_day_add"
SUMS = """sum(CASE WHEN posting.cents > 0 THEN posting.cents ELSE 0 END),
    sum(CASE WHEN posting.cents < 0 THEN -posting.cents ELSE 0 END)"""
INTO = "INSERT INTO billing_account_day (account_id, posting_date, debit_cents, credit_cents)"
ADDED = f"""{INTO} SELECT posting.account_id, NEW.posting_date, {SUMS}
    FROM billing_posting AS posting WHERE posting.entry_id = NEW.id GROUP BY posting.account_id
    ON CONFLICT (account_id, posting_date) DO UPDATE SET
    debit_cents = billing_account_day.debit_cents + excluded.debit_cents,
    credit_cents = billing_account_day.credit_cents + excluded.credit_cents;"""
POSTED = f"""{INTO} SELECT posting.account_id, entry.posting_date, {SUMS}
    FROM billing_posting AS posting JOIN billing_entry AS entry ON entry.id = posting.entry_id
    GROUP BY posting.account_id, entry.posting_date"""


def upgrade() -> None:
    op.create_table(
        "billing_account_day",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("billing_account.id"), primary_key=True, autoincrement=False),
        sa.Column("posting_date", sa.Date, primary_key=True),
        sa.Column("debit_cents", sa.BigInteger, nullable=False),
        sa.Column("credit_cents", sa.BigInteger, nullable=False),
    )
    op.execute(POSTED)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON billing_entry BEGIN {ADDED} END")
        return
    op.execute(f"CREATE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {ADDED} RETURN NULL; END $$")
    op.execute(f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON billing_entry FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {TRIGGER}")
    else:
        op.execute(f"DROP TRIGGER {TRIGGER} ON billing_entry")
        op.execute(f"DROP FUNCTION {TRIGGER}()")
    op.drop_table("billing_account_day")
