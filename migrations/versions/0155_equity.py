"""Equity: what members have really paid in, moved to those who left, and set off against what they owe. Expand-only.

A move states the equity before it and after it, as the stock of a material does: the database compares it with the
move before, so that no sum is stored beside them. An entry gets a fifth kind of source, whose lines are those of its
move; SQLite cannot change a CHECK: its text is replaced in the schema, as in 0128.

What is set off stands in no invoice and never will: it is no line to invoice, and counts as if it stood in one.

0810 and 0811 (SKR03, "Geschäftsguthaben" of those who stay and who leave) are in public charts; 2901 and 2902 (SKR04)
are not verified, 9000 is "Saldenvorträge" in both: the adviser's word decides.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.account_numbers import free_numbers
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0155"
down_revision = "0154"
branch_labels = None
depends_on = None

MOVE, STATED = "billing_equity_move", "billing_equity_statement"
COLUMNS = ("charge_id", "allocation_id", "advance_id", "fee_id", "equity_id")
BEFORE, AFTER = (
    " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns) + " = 1"
    for columns in (COLUMNS[:-1], COLUMNS)
)
SOURCE, KEY = "ck_billing_entry_one_source", "fk_billing_entry_equity_id_billing_equity_move"
FOREIGN = f"FOREIGN KEY(equity_id) REFERENCES {MOVE} (id)"
ACCOUNT_KINDS = tuple(
    f"kind IN ({kinds})"
    for kinds in ("'asset', 'liability', 'income', 'expense'", "'asset', 'liability', 'equity', 'income', 'expense'")
)
KEYS = ("id", "charge_id", "allocation_id", "advance_id", "reverses_id", "fee_id")
# code, SKR03, SKR04: where a ring has given a number to another account, the next free one.
ACCOUNTS = (("equity", 810, 2901), ("equity_left", 811, 2902), ("opening_balances", 9000, 9000))

LAST = f"FROM {MOVE} WHERE member_id = NEW.member_id ORDER BY number DESC LIMIT 1"
# In parentheses: PL/pgSQL takes the THEN of a CASE for that of its IF.
WRONG_SUM = f"""(NEW.number <> coalesce((SELECT number {LAST}), 0) + 1
OR NEW.held_cents <> coalesce((SELECT held_cents {LAST}), 0)
  + CASE NEW.kind WHEN 'paid_in' THEN NEW.cents WHEN 'leaving' THEN -NEW.cents ELSE 0 END
OR NEW.left_cents <> coalesce((SELECT left_cents {LAST}), 0)
  + CASE NEW.kind WHEN 'leaving' THEN NEW.cents WHEN 'set_off' THEN -NEW.cents ELSE 0 END)"""
NO_MIRROR = f"""NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {MOVE} AS original
WHERE original.id = NEW.reverses_id AND original.reverses_id IS NULL AND original.member_id = NEW.member_id
  AND original.kind = NEW.kind AND original.day = NEW.day AND original.cents = -NEW.cents)"""
NOT_LEFT = """NEW.reverses_id IS NULL AND NEW.kind IN ('leaving', 'set_off') AND NOT EXISTS (
SELECT 1 FROM booking_member AS member WHERE member.id = NEW.member_id AND member.left_on IS NOT NULL
  AND (member.left_on < NEW.day OR NEW.kind = 'leaving' AND member.left_on = NEW.day))"""
# A ring may be a day ahead of UTC.
TO_COME = {
    "sqlite": "NEW.day > date(NEW.made_at, '+1 day')",
    "postgresql": "NEW.day > (NEW.made_at AT TIME ZONE 'UTC')::date + 1",
}
GUARDS = (("sum", WRONG_SUM), ("mirrors", NO_MIRROR), ("left", NOT_LEFT))
# Its lines were inserted before the entry, and what is set off is in the balance by then: below zero, it was not owed.
OTHER_LINES = f"""(NEW.equity_id IS NOT NULL AND (NEW.lines <> 2 OR 2 <> (
SELECT count(*) FROM billing_posting AS line JOIN billing_account AS account ON account.id = line.account_id
JOIN {MOVE} AS move ON move.id = NEW.equity_id WHERE line.entry_id = NEW.id AND (
  line.cents = move.cents AND line.member_id IS NULL AND account.code = CASE move.kind
    WHEN 'paid_in' THEN 'opening_balances' WHEN 'leaving' THEN 'equity' ELSE 'equity_left' END
  OR line.cents = -move.cents AND account.code = CASE move.kind
    WHEN 'paid_in' THEN 'equity' WHEN 'leaving' THEN 'equity_left' ELSE 'receivables' END
  AND coalesce(line.member_id, 0) = CASE move.kind WHEN 'set_off' THEN move.member_id ELSE 0 END))))"""
NOT_OWED = f"""NEW.equity_id IS NOT NULL AND EXISTS (SELECT 1 FROM {MOVE} AS move
JOIN billing_balance AS balance ON balance.member_id = move.member_id
WHERE move.id = NEW.equity_id AND move.kind = 'set_off' AND move.cents > 0 AND balance.cents < 0)"""
ENTRY_GUARDS = (
    Guard("billing_entry_of_equity", "billing_entry", ("INSERT",), OTHER_LINES),
    Guard("billing_entry_not_owed", "billing_entry", ("INSERT",), NOT_OWED),
)

BALANCE, BALANCE_BEFORE, BALANCE_AFTER = (
    "billing_balance_add",
    """INSERT INTO billing_balance (member_id, cents, lines) VALUES (NEW.member_id, NEW.cents, 1)
    ON CONFLICT (member_id) DO UPDATE SET cents = billing_balance.cents + excluded.cents, lines = billing_balance.lines + 1;""",
    """INSERT INTO billing_balance (member_id, cents, lines, invoiced_cents)
    VALUES (NEW.member_id, NEW.cents, 1, CASE NEW.topic WHEN 'set_off' THEN NEW.cents ELSE 0 END)
    ON CONFLICT (member_id) DO UPDATE SET cents = billing_balance.cents + excluded.cents,
    lines = billing_balance.lines + 1, invoiced_cents = billing_balance.invoiced_cents + excluded.invoiced_cents;""",
)
TO_INVOICE = "billing_uninvoiced_posted"
HAS_MEMBER = "NEW.member_id IS NOT NULL"
ENTERED = """INSERT INTO billing_uninvoiced (entry_id, posting_number, member_id)
    VALUES (NEW.entry_id, NEW.number, NEW.member_id);"""


def upgrade() -> None:
    _create_tables()
    make_append_only(MOVE, ("id",), ("member_id", "number"), ("reverses_id",), ("form_key",))
    make_append_only(STATED, ("move_id",), ("document_id",))
    for guard in _guards():
        create_guard(guard)
    op.add_column("billing_entry", sa.Column("equity_id", sa.Integer))
    op.create_index("ix_billing_entry_equity_id", "billing_entry", ["equity_id"], unique=True)
    _replace("billing_entry", SOURCE, BEFORE, AFTER, key=f", CONSTRAINT {KEY} {FOREIGN}")
    _replace("billing_account", "ck_billing_account_kind", *ACCOUNT_KINDS)
    _refuse_replacing((*KEYS, "equity_id"))
    for guard in ENTRY_GUARDS:
        create_guard(guard)
    _set_trigger(BALANCE, HAS_MEMBER, BALANCE_AFTER)
    _set_trigger(TO_INVOICE, f"{HAS_MEMBER} AND NEW.topic <> 'set_off'", ENTERED)
    _add_accounts()


def downgrade() -> None:
    op.execute("DELETE FROM billing_account WHERE code IN ('equity', 'equity_left', 'opening_balances')")
    _set_trigger(TO_INVOICE, HAS_MEMBER, ENTERED)
    _set_trigger(BALANCE, HAS_MEMBER, BALANCE_BEFORE)
    for guard in ENTRY_GUARDS:
        drop_guard(guard)
    _refuse_replacing(KEYS)
    _replace("billing_account", "ck_billing_account_kind", *reversed(ACCOUNT_KINDS))
    _replace("billing_entry", SOURCE, AFTER, BEFORE, former_key=f", CONSTRAINT {KEY} {FOREIGN}")
    op.drop_index("ix_billing_entry_equity_id", "billing_entry")
    op.drop_column("billing_entry", "equity_id")
    for guard in _guards():
        drop_guard(guard)
    for table in (STATED, MOVE):
        drop_append_only(table)
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        MOVE,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("cents", "held_cents", "left_cents")),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("reverses_id", sa.Integer, sa.ForeignKey(f"{MOVE}.id"), unique=True),
        sa.Column("form_key", sa.String, unique=True),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("made_by", sa.Integer),
        sa.CheckConstraint("kind IN ('paid_in', 'leaving', 'set_off')", name="kind"),
        sa.CheckConstraint("cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)", name="cents"),
        sa.CheckConstraint("held_cents >= 0 AND left_cents >= 0", name="not_negative"),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.Index("ix_billing_equity_move_member_id", "member_id", "number", unique=True),
    )
    op.create_table(
        STATED,
        sa.Column("move_id", sa.Integer, sa.ForeignKey(f"{MOVE}.id"), primary_key=True, autoincrement=False),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("billing_document.id"), nullable=False, unique=True),
    )


def _guards() -> list[Guard]:
    named = (*GUARDS, ("to_come", TO_COME["sqlite" if _is_sqlite() else "postgresql"]))
    return [Guard(f"{MOVE}_{name}", MOVE, ("INSERT",), condition) for name, condition in named]


def _replace(table: str, name: str, former: str, later: str, *, former_key: str = "", key: str = "") -> None:
    """Replace a CHECK; with `key` or `former_key`, the foreign key behind it comes or goes with it."""
    if not _is_sqlite():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({later})")
        if former_key or key:
            change = f"ADD {key.removeprefix(', ')}" if key else f"DROP CONSTRAINT {KEY}"
            op.execute(f"ALTER TABLE {table} {change}")
        return
    before, after = (
        f"CONSTRAINT {name} CHECK ({one}){its_key}" for one, its_key in ((former, former_key), (later, key))
    )
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        (before, after, table, before),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"{name} is another CHECK than the revisions before made")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _refuse_replacing(keys: tuple[str, ...]) -> None:
    """Create the trigger of SQLite again that refuses a row with a key that exists (append_only.py)."""
    if not _is_sqlite():
        return
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM billing_entry WHERE {key} = NEW.{key})" for key in keys)
    op.execute("DROP TRIGGER billing_entry_no_replace")
    op.execute(
        f"CREATE TRIGGER billing_entry_no_replace BEFORE INSERT ON billing_entry WHEN {exists} "
        "BEGIN SELECT RAISE(ABORT, 'billing_entry is append-only'); END"
    )


def _set_trigger(name: str, condition: str, action: str) -> None:
    """Create the trigger on new lines of the ledger again, with another condition or action."""
    if _is_sqlite():
        op.execute(f"DROP TRIGGER {name}")
        op.execute(f"CREATE TRIGGER {name} AFTER INSERT ON billing_posting WHEN {condition} BEGIN {action} END")
        return
    op.execute(f"DROP TRIGGER {name} ON billing_posting")
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} AFTER INSERT ON billing_posting FOR EACH ROW WHEN ({condition}) "
        f"EXECUTE FUNCTION {name}()"
    )


def _add_accounts() -> None:
    for code, skr03, skr04 in ACCOUNTS:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO billing_account (code, kind, skr03, skr04, revision) "
                "VALUES (:code, 'equity', :skr03, :skr04, 0)"
            ),
            {"code": code, **free_numbers({"skr03": skr03, "skr04": skr04})},
        )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
