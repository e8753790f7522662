"""Statements as numbered documents, what a run was confirmed to issue, files that could not be made. Expand-only.

A statement is a document without lines that invoice and without VAT: it claims nothing by itself. What it states stands
in a row of its own, which is inserted before the document and closed by it. So the check that a document has lines
holds for all others. SQLite changes the text of a check in the schema, as its documentation of ALTER TABLE describes
for constraints that become weaker: a rebuilt table would lose its triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0139"
down_revision = "0138"
branch_labels = None
depends_on = None

STATEMENT = "billing_statement"
HAS_LINES = "lines >= 1 AND vat_groups >= 1"
HAS_LINES_OR_STATES = f"kind = 'statement' OR ({HAS_LINES})"
POSTED = (
    "(SELECT coalesce(sum(posting.cents), 0) FROM billing_posting AS posting JOIN billing_entry AS entry "
    "ON entry.id = posting.entry_id WHERE posting.member_id = NEW.member_id AND entry.posting_date {days})"
)
GUARDS = (
    Guard(
        "billing_document_states",
        "billing_document",
        ("INSERT",),
        f"(NEW.kind = 'statement') <> EXISTS (SELECT 1 FROM {STATEMENT} WHERE document_id = NEW.id "
        "AND member_id = NEW.member_id AND first_day = NEW.service_from AND last_day = NEW.service_until)",
    ),
    Guard(
        "billing_statement_closed",
        STATEMENT,
        ("INSERT",),
        "EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.document_id)",
    ),
    Guard(
        "billing_statement_turn",
        STATEMENT,
        ("INSERT",),
        f"NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM {STATEMENT} WHERE member_id = NEW.member_id "
        "AND first_day = NEW.first_day AND last_day = NEW.last_day AND turn = NEW.turn - 1)",
    ),
    # Nobody posts between reading what is owed and this: who issues holds the lock of the ledger.
    Guard(
        "billing_statement_posted",
        STATEMENT,
        ("INSERT",),
        f"NEW.opening_cents <> {POSTED.format(days='< NEW.first_day')} "
        f"OR NEW.closing_cents <> {POSTED.format(days='<= NEW.last_day')}",
    ),
)


def upgrade() -> None:
    _require_lines(HAS_LINES, HAS_LINES_OR_STATES)
    op.create_table(
        STATEMENT,
        sa.Column(
            "document_id",
            sa.Integer,
            sa.ForeignKey("billing_document.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        *(sa.Column(name, sa.Date, nullable=False) for name in ("first_day", "last_day")),
        sa.Column("turn", sa.Integer, nullable=False),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in ("opening", "closing")),
        sa.Column("lines", sa.Integer, nullable=False),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("made_of", "rows")),
        sa.CheckConstraint("first_day <= last_day", name="days"),
        sa.CheckConstraint("turn >= 1 AND lines >= 0", name="turn"),
        sa.Index("ix_billing_statement_days", "member_id", "first_day", "last_day", "turn", unique=True),
    )
    make_append_only(STATEMENT, ("document_id",), ("member_id", "first_day", "last_day", "turn"))
    for guard in GUARDS:
        create_guard(guard)
    op.create_table(
        "billing_document_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("seen", sa.String, nullable=False, unique=True),
        sa.Column("first_day", sa.Date),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("confirmed_at", UtcDateTime, nullable=False),
        sa.Column("confirmed_by", sa.Integer),
        sa.CheckConstraint("kind IN ('invoice', 'statement')", name="kind"),
    )
    op.create_table(
        "billing_document_run_member",
        sa.Column(
            "run_id", sa.Integer, sa.ForeignKey("billing_document_run.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True, autoincrement=False),
        sa.Column("seen", sa.String, nullable=False),
        sa.Column("documents", sa.Integer),
    )
    op.create_table(
        "billing_document_failed",
        sa.Column(
            "document_id", sa.Integer, sa.ForeignKey("billing_document.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        *(sa.Column(name, UtcDateTime, nullable=False) for name in ("failed_at", "next_attempt_at")),
        sa.CheckConstraint("attempts >= 1", name="attempts"),
    )


def downgrade() -> None:
    op.drop_table("billing_document_failed")
    op.drop_table("billing_document_run_member")
    op.drop_table("billing_document_run")
    for guard in GUARDS:
        drop_guard(guard)
    drop_append_only(STATEMENT)
    op.drop_table(STATEMENT)
    _require_lines(HAS_LINES_OR_STATES, HAS_LINES)


def _require_lines(before: str, after: str) -> None:
    """Exchange the condition of the check that a document has lines."""
    if op.get_bind().dialect.name != "sqlite":
        name = op.f("ck_billing_document_lines")
        op.drop_constraint(name, "billing_document", type_="check")
        op.create_check_constraint(name, "billing_document", after)
        return
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'billing_document'",
        (f"CHECK ({before})", f"CHECK ({after})"),
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
