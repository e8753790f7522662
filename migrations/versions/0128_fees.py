"""Fees that are no use of a machine, and the entries of the ledger that come from them. Expand-only.

An entry gets a fourth kind of source. SQLite cannot change a CHECK: its text is replaced in the schema, and the foreign
key added beside it, as "Making Other Kinds Of Table Schema Changes" in its documentation of ALTER TABLE describes; the
rows, which all pass the new CHECK, and the triggers stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.account_numbers import free_numbers
from migrations.append_only import drop_append_only, make_append_only

revision = "0128"
down_revision = "0127"
branch_labels = None
depends_on = None

BEFORE, AFTER = (
    " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns) + " = 1"
    for columns in (
        ("charge_id", "allocation_id", "advance_id"),
        ("charge_id", "allocation_id", "advance_id", "fee_id"),
    )
)
KEYS = (("id",), ("charge_id",), ("allocation_id",), ("advance_id",), ("reverses_id",))
# code, SKR03, SKR04: where a ring has given a number to another account, the next free one.
ACCOUNTS = (("fees", 8600, 4835), ("dues", 8951, 4691), ("materials", 8201, 4201))
CHECK, KEY = "ck_billing_entry_one_source", "fk_billing_entry_fee_id_billing_fee"
FOREIGN = "FOREIGN KEY(fee_id) REFERENCES billing_fee (id)"
NO_REPLACE = "billing_entry_no_replace"


def upgrade() -> None:
    _create_fee()
    make_append_only("billing_fee", ("id",), ("reverses_id",), ("form_key",), ("reservation_id", "number"))
    op.add_column("billing_entry", sa.Column("fee_id", sa.Integer))
    op.create_index("ix_billing_entry_fee_id", "billing_entry", ["fee_id"], unique=True)
    _replace(BEFORE, AFTER)
    _refuse_replacing((*KEYS, ("fee_id",)))
    _add_accounts()


def downgrade() -> None:
    op.execute("DELETE FROM billing_account WHERE code IN ('fees', 'dues', 'materials')")
    _refuse_replacing(KEYS)
    _replace(AFTER, BEFORE)
    op.drop_index("ix_billing_entry_fee_id", "billing_entry")
    op.drop_column("billing_entry", "fee_id")
    drop_append_only("billing_fee")
    op.drop_table("billing_fee")


def _create_fee() -> None:
    op.create_table(
        "billing_fee",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id")),
        sa.Column("reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id")),
        sa.Column("number", sa.Integer),
        sa.Column("service_from", sa.Date, nullable=False),
        sa.Column("service_until", sa.Date, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("calculation", sa.JSON, nullable=False),
        sa.Column("tax_code", sa.String),
        sa.Column("reverses_id", sa.Integer, sa.ForeignKey("billing_fee.id"), unique=True),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("made_by", sa.Integer),
        sa.Column("form_key", sa.String, unique=True),
        sa.CheckConstraint("kind IN ('no_show', 'late_cancel', 'dues', 'material', 'other')", name="kind"),
        sa.CheckConstraint("cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)", name="cents"),
        sa.CheckConstraint("service_from <= service_until", name="service"),
        sa.CheckConstraint("(kind IN ('no_show', 'late_cancel')) = (reservation_id IS NOT NULL)", name="reservation"),
        sa.CheckConstraint("(number IS NULL) = (reservation_id IS NULL)", name="numbered"),
        sa.CheckConstraint("number IS NULL OR (number % 2 = 0) = (reverses_id IS NOT NULL)", name="even_reverses"),
        sa.CheckConstraint("length(tax_code) BETWEEN 1 AND 12", name="tax_code"),
        sa.Index("ix_billing_fee_member", "member_id", "id"),
        sa.Index("ix_billing_fee_served", "service_from", "id"),
        sa.Index("ix_billing_fee_reservation", "reservation_id", "number", unique=True),
    )


def _replace(old: str, new: str) -> None:
    """Replace the CHECK of the sources, with or without the foreign key of the newest, which goes with it."""
    if not _is_sqlite():
        op.execute(f"ALTER TABLE billing_entry DROP CONSTRAINT {CHECK}")
        op.execute(f"ALTER TABLE billing_entry ADD CONSTRAINT {CHECK} CHECK ({new})")
        change = f"ADD CONSTRAINT {KEY} {FOREIGN}" if new == AFTER else f"DROP CONSTRAINT {KEY}"
        op.execute(f"ALTER TABLE billing_entry {change}")
        return
    former, later = (
        f"CONSTRAINT {CHECK} CHECK ({one})" + (f", CONSTRAINT {KEY} {FOREIGN}" if one == AFTER else "")
        for one in (old, new)
    )
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = 'billing_entry' AND instr(sql, ?) > 0",
        (former, later, former),
    )
    if changed.rowcount != 1:
        raise RuntimeError("billing_entry has another CHECK than the revisions before made")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _refuse_replacing(keys: tuple[tuple[str, ...], ...]) -> None:
    """Create the trigger of SQLite again that refuses a row with a key that exists (append_only.py)."""
    if not _is_sqlite():
        return
    exists = " OR ".join(f"EXISTS (SELECT 1 FROM billing_entry WHERE {key} = NEW.{key})" for (key,) in keys)
    op.execute(f"DROP TRIGGER {NO_REPLACE}")
    op.execute(
        f"CREATE TRIGGER {NO_REPLACE} BEFORE INSERT ON billing_entry WHEN {exists} "
        "BEGIN SELECT RAISE(ABORT, 'billing_entry is append-only'); END"
    )


def _add_accounts() -> None:
    for code, skr03, skr04 in ACCOUNTS:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO billing_account (code, kind, skr03, skr04, revision) "
                "VALUES (:code, 'income', :skr03, :skr04, 0)"
            ),
            {"code": code, **free_numbers({"skr03": skr03, "skr04": skr04})},
        )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
