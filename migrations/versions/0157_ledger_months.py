"""The sums of each account and of each member by month of posting, added up as entries are posted. Expand-only.

Statements of members, the trial balance and the number of lines read months, of which there are few, instead of every
day and every line of a ledger that grows for years. Entries are posted one after another under the lock of the ledger,
so that no two transactions wait for a row of a month that would not wait for each other anyway. The lines of an entry
are inserted before it, so that its trigger finds them all; what is posted already is summed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0157"
down_revision = "0156"
branch_labels = None
depends_on = None

TRIGGER = "billing_month_add"
SUMS = """sum(CASE WHEN posting.cents > 0 THEN posting.cents ELSE 0 END),
    sum(CASE WHEN posting.cents < 0 THEN -posting.cents ELSE 0 END), count(*)"""
ACCOUNT = "INSERT INTO billing_account_month (account_id, month, debit_cents, credit_cents, lines)"
MEMBER = "INSERT INTO billing_member_month (member_id, month, topic, cents, lines)"
ADDED = """{ACCOUNT} SELECT posting.account_id, {month}, {SUMS}
    FROM billing_posting AS posting WHERE posting.entry_id = NEW.id GROUP BY posting.account_id
    ON CONFLICT (account_id, month) DO UPDATE SET
    debit_cents = billing_account_month.debit_cents + excluded.debit_cents,
    credit_cents = billing_account_month.credit_cents + excluded.credit_cents,
    lines = billing_account_month.lines + excluded.lines;
    {MEMBER} SELECT posting.member_id, {month}, posting.topic, sum(posting.cents), count(*)
    FROM billing_posting AS posting WHERE posting.entry_id = NEW.id AND posting.member_id IS NOT NULL
    GROUP BY posting.member_id, posting.topic
    ON CONFLICT (member_id, month, topic) DO UPDATE SET
    cents = billing_member_month.cents + excluded.cents, lines = billing_member_month.lines + excluded.lines;"""
POSTED = (
    """{ACCOUNT} SELECT posting.account_id, {month}, {SUMS}
    FROM billing_posting AS posting JOIN billing_entry AS entry ON entry.id = posting.entry_id
    GROUP BY posting.account_id, {month}""",
    """{MEMBER} SELECT posting.member_id, {month}, posting.topic, sum(posting.cents), count(*)
    FROM billing_posting AS posting JOIN billing_entry AS entry ON entry.id = posting.entry_id
    WHERE posting.member_id IS NOT NULL GROUP BY posting.member_id, {month}, posting.topic""",
)


def upgrade() -> None:
    op.create_table(
        "billing_account_month",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("billing_account.id"), primary_key=True, autoincrement=False),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("debit_cents", sa.BigInteger, nullable=False),
        sa.Column("credit_cents", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
    )
    op.create_table(
        "billing_member_month",
        sa.Column("member_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in POSTED:
        op.execute(_sql(statement, "entry", is_sqlite=is_sqlite))
    added = _sql(ADDED, "NEW", is_sqlite=is_sqlite)
    if is_sqlite:
        op.execute(f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON billing_entry BEGIN {added} END")
        return
    op.execute(f"CREATE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {added} RETURN NULL; END $$")
    op.execute(f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON billing_entry FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {TRIGGER}")
    else:
        op.execute(f"DROP TRIGGER {TRIGGER} ON billing_entry")
        op.execute(f"DROP FUNCTION {TRIGGER}()")
    op.drop_table("billing_member_month")
    op.drop_table("billing_account_month")


def _sql(statement: str, entry: str, *, is_sqlite: bool) -> str:
    """Return a statement with the first day of the month in which an entry is posted."""
    day = f"{entry}.posting_date"
    month = f"date({day}, 'start of month')" if is_sqlite else f"CAST(date_trunc('month', {day}) AS date)"
    return statement.format(ACCOUNT=ACCOUNT, MEMBER=MEMBER, SUMS=SUMS, month=month)
