"""The ledger: accounts with their numbers in both charts, balanced entries and their lines. Expand-only.

The lines of an entry are inserted before it. SQLite checks them when the entry is inserted, refuses further lines after
it, and refuses to commit lines without an entry (deferred foreign key). PostgreSQL checks an entry at the commit, and
each line by its number: an entry states how many it has, so that two transactions cannot share one. A line whose entry
cannot be seen is refused, so that checking at once (SET CONSTRAINTS ... IMMEDIATE) opens no way around.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0109"
down_revision = "0108"
branch_labels = None
depends_on = None

ONE_SOURCE = " + ".join(
    f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in ("charge_id", "allocation_id", "advance_id")
)
# code, kind, SKR03, SKR04
ACCOUNTS = (
    ("receivables", "asset", "1400", "1200"),
    ("use_charges", "income", "8200", "4200"),
    ("allocated_costs", "income", "8950", "4690"),
    ("advances", "liability", "1710", "3250"),
)
UNBALANCED = (
    "(SELECT count(*) <> NEW.lines OR coalesce(min(number), 0) <> 1 OR coalesce(max(number), 0) <> NEW.lines "
    "OR coalesce(sum(cents), 1) <> 0 FROM billing_posting WHERE entry_id = NEW.id)"
)
SQLITE_GUARDS = (
    Guard("billing_entry_unbalanced", "billing_entry", ("INSERT",), UNBALANCED),
    Guard(
        "billing_entry_complete",
        "billing_posting",
        ("INSERT",),
        "EXISTS (SELECT 1 FROM billing_entry WHERE id = NEW.entry_id)",
    ),
)
POSTGRESQL = (
    f"""CREATE FUNCTION billing_entry_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF {UNBALANCED} THEN RAISE EXCEPTION 'billing_entry_unbalanced' USING ERRCODE = 'restrict_violation'; END IF;
    RETURN NULL; END $$""",
    """CREATE CONSTRAINT TRIGGER billing_entry_unbalanced AFTER INSERT ON billing_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_entry_unbalanced()""",
    """CREATE FUNCTION billing_entry_complete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM billing_entry WHERE id = NEW.entry_id AND lines >= NEW.number) THEN
    RAISE EXCEPTION 'billing_entry_complete' USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL; END $$""",
    """CREATE CONSTRAINT TRIGGER billing_entry_complete AFTER INSERT ON billing_posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_entry_complete()""",
)
BALANCE = "billing_balance_add"
ADDED = """INSERT INTO billing_balance (member_id, cents, lines) VALUES (NEW.member_id, NEW.cents, 1)
    ON CONFLICT (member_id) DO UPDATE SET cents = billing_balance.cents + excluded.cents, lines = billing_balance.lines + 1;"""
HAS_MEMBER = "WHEN (NEW.member_id IS NOT NULL)"


def upgrade() -> None:
    _create_ledger()
    _create_entry()
    _create_posting()
    _create_balance()
    make_append_only("billing_entry", ("id",), ("charge_id",), ("allocation_id",), ("advance_id",), ("reverses_id",))
    make_append_only("billing_posting", ("entry_id", "number"))
    if _is_sqlite():
        for guard in SQLITE_GUARDS:
            create_guard(guard)
        op.execute(f"CREATE TRIGGER {BALANCE} AFTER INSERT ON billing_posting {HAS_MEMBER} BEGIN {ADDED} END")
        return
    for statement in POSTGRESQL:
        op.execute(statement)
    op.execute(f"CREATE FUNCTION {BALANCE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {ADDED} RETURN NULL; END $$")
    op.execute(
        f"CREATE TRIGGER {BALANCE} AFTER INSERT ON billing_posting FOR EACH ROW {HAS_MEMBER} "
        f"EXECUTE FUNCTION {BALANCE}()"
    )


def downgrade() -> None:
    if _is_sqlite():
        op.execute(f"DROP TRIGGER {BALANCE}")
        for guard in SQLITE_GUARDS:
            drop_guard(guard)
    else:
        for name, table in (
            (BALANCE, "billing_posting"),
            ("billing_entry_complete", "billing_posting"),
            ("billing_entry_unbalanced", "billing_entry"),
        ):
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    drop_append_only("billing_posting")
    drop_append_only("billing_entry")
    for table in ("billing_balance", "billing_posting", "billing_entry", "billing_account", "billing_ledger"):
        op.drop_table(table)


def _create_ledger() -> None:
    op.create_table(
        "billing_ledger",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("chart", sa.String, nullable=False),
        sa.Column("opened_on", sa.Date),
        sa.Column("posted_charge_id", sa.Integer, nullable=False),
        sa.Column("posted_allocation_id", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("state IN ('closed', 'opening', 'open')", name="state"),
        sa.CheckConstraint("chart IN ('skr03', 'skr04')", name="chart"),
    )
    # A ring without charges and allocations has nothing to open: it posts from the first charge on.
    op.execute(
        "INSERT INTO billing_ledger (id, state, chart, posted_charge_id, posted_allocation_id, revision) SELECT 1, "
        "CASE WHEN EXISTS (SELECT 1 FROM billing_charge) OR EXISTS (SELECT 1 FROM billing_allocation) "
        "THEN 'closed' ELSE 'open' END, 'skr03', 0, 0, 0"
    )
    accounts = op.create_table(
        "billing_account",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("skr03", sa.String, nullable=False, unique=True),
        sa.Column("skr04", sa.String, nullable=False, unique=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("kind IN ('asset', 'liability', 'income', 'expense')", name="kind"),
        sa.CheckConstraint("length(skr03) BETWEEN 4 AND 8 AND length(skr04) BETWEEN 4 AND 8", name="number"),
    )
    rows = [
        {"code": code, "kind": kind, "skr03": skr03, "skr04": skr04, "revision": 0}
        for code, kind, skr03, skr04 in ACCOUNTS
    ]
    op.bulk_insert(accounts, rows)


def _create_entry() -> None:
    op.create_table(
        "billing_entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("posting_date", sa.Date, nullable=False),
        sa.Column("service_from", sa.Date, nullable=False),
        sa.Column("service_until", sa.Date, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("charge_id", sa.Integer, sa.ForeignKey("billing_charge.id"), unique=True),
        sa.Column("allocation_id", sa.Integer, sa.ForeignKey("billing_allocation.id"), unique=True),
        sa.Column("advance_id", sa.Integer, sa.ForeignKey("billing_advance.id"), unique=True),
        sa.Column("reverses_id", sa.Integer, sa.ForeignKey("billing_entry.id"), unique=True),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("posted_at", UtcDateTime, nullable=False),
        sa.Column("posted_by", sa.Integer),
        sa.CheckConstraint(f"{ONE_SOURCE} = 1", name="one_source"),
        sa.CheckConstraint("lines >= 2", name="lines"),
        sa.CheckConstraint("id >= 1", name="id"),  # SQLite's trigger sees -1 where an id is left out
        sa.CheckConstraint("service_from <= service_until", name="service"),
        sa.Index("ix_billing_entry_posted", "posting_date", "id"),
    )


def _create_posting() -> None:
    op.create_table(
        "billing_posting",
        sa.Column(
            "entry_id",
            sa.Integer,
            sa.ForeignKey("billing_entry.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("billing_account.id"), nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id")),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id")),
        sa.Column("pool_id", sa.Integer, sa.ForeignKey("billing_pool.id")),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.CheckConstraint("cents <> 0", name="not_zero"),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.Index("ix_billing_posting_member", "member_id", "entry_id", "number", "cents"),
        sa.Index("ix_billing_posting_account", "account_id", "entry_id", "cents"),
    )


def _create_balance() -> None:
    op.create_table(
        "billing_balance",
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True, autoincrement=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Index("ix_billing_balance_cents", "cents", "member_id"),
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
