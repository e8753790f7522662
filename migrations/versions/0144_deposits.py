"""Deposits: what a machine asks at hand-out, posted as a fee of its own kind to an account of its own. Expand-only.

SQLite cannot change a CHECK: its text is replaced in the schema, as in 0128; the rows all pass the new ones.
1732 (SKR03) and 3550 (SKR04), "Erhaltene Kautionen", are the usual numbers: the adviser's word decides.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.account_numbers import free_numbers

revision = "0144"
down_revision = "0143"
branch_labels = None
depends_on = None

KINDS = "'no_show', 'late_cancel', 'dues', 'material', 'other'"
CHECKS = {
    "ck_billing_fee_kind": (f"kind IN ({KINDS})", f"kind IN ({KINDS}, 'deposit')"),
    "ck_billing_fee_reservation": (
        "(kind IN ('no_show', 'late_cancel')) = (reservation_id IS NOT NULL)",
        "(kind IN ('no_show', 'late_cancel', 'deposit')) = (reservation_id IS NOT NULL)",
    ),
}
CONSUMER = "billing.deposits"
NUMBERS = {"skr03": 1732, "skr04": 3550}


def upgrade() -> None:
    op.create_table(
        "billing_deposit_terms",
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("is_set_off", sa.Boolean, nullable=False),
        sa.CheckConstraint("cents >= 0", name="cents"),
    )
    for name, (before, after) in CHECKS.items():
        _replace(name, before, after)
    _add_account()
    _begin_with_new_events()


def downgrade() -> None:
    op.execute(f"DELETE FROM booking_event_cursor WHERE consumer = '{CONSUMER}'")
    op.execute("DELETE FROM billing_account WHERE code = 'deposits'")
    for name, (before, after) in CHECKS.items():
        _replace(name, after, before)
    op.drop_table("billing_deposit_terms")


def _replace(name: str, former: str, later: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE billing_fee DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE billing_fee ADD CONSTRAINT {name} CHECK ({later})")
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = 'billing_fee' AND instr(sql, ?) > 0",
        (former, later, former),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"{name} is another CHECK than the revisions before made")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _add_account() -> None:
    op.get_bind().execute(
        sa.text(
            "INSERT INTO billing_account (code, kind, skr03, skr04, revision) "
            "VALUES ('deposits', 'liability', :skr03, :skr04, 0)"
        ),
        free_numbers(NUMBERS),
    )


def _begin_with_new_events() -> None:
    """Nothing was asked before: of the uses of all years none has a deposit, and reading their events would take hours.

    An event with a smaller id that the former program commits later is of such a use as well.
    """
    begin = sa.text(
        "INSERT INTO booking_event_cursor (consumer, event_id, checked_at) "
        "SELECT :consumer, max(id), :now FROM booking_event HAVING max(id) IS NOT NULL"
    )
    op.get_bind().execute(begin.bindparams(sa.bindparam("now", datetime.now(UTC), UtcDateTime()), consumer=CONSUMER))
