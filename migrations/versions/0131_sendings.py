"""Documents and statements that were sent: by mail or printed, once unless asked; mails carry the file. Expand-only.

A document is sent by turns, so that of two clicks one is refused. The row of a statement's days counts how often it was
sent; whoever sends it names the count that was shown.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0131"
down_revision = "0130"
branch_labels = None
depends_on = None

SENDING = "billing_document_sending"
BEFORE = f"{SENDING}_before"
KEEP = f"""INSERT INTO {SENDING} (document_id, turn, way, to_address, queued_at, queued_by)
    SELECT document_id, row_number() OVER (PARTITION BY document_id ORDER BY id), 'mail', to_address, queued_at, queued_by
    FROM {BEFORE} ORDER BY id"""
TURN = Guard(
    "billing_document_sending_turn",
    SENDING,
    ("INSERT",),
    f"NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM {SENDING} WHERE document_id = NEW.document_id "
    "AND turn = NEW.turn - 1)",
)


def upgrade() -> None:
    # No release wrote into the table before: it was laid for this. What somebody entered is kept as mails.
    op.execute(f"CREATE TABLE {BEFORE} AS SELECT * FROM {SENDING}")
    op.drop_table(SENDING)
    op.create_table(
        SENDING,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("billing_document.id"), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("way", sa.String, nullable=False),
        sa.Column("to_address", sa.String, nullable=False),
        sa.Column("queued_at", UtcDateTime, nullable=False),
        sa.Column("queued_by", sa.Integer),
        sa.CheckConstraint("way IN ('mail', 'print')", name="way"),
        sa.CheckConstraint("turn >= 1", name="turn"),
        sa.Index("ix_billing_document_sending_document_id", "document_id", "turn", unique=True),
    )
    op.execute(KEEP)
    op.drop_table(BEFORE)
    make_append_only(SENDING, ("id",), ("document_id", "turn"))
    create_guard(TURN)
    op.create_table(
        "billing_statement_sending",
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), primary_key=True, autoincrement=False),
        sa.Column("first_day", sa.Date, primary_key=True),
        sa.Column("last_day", sa.Date, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
    )
    op.add_column("mail_outbox", sa.Column("document_sending_id", sa.Integer))
    op.create_index("ix_mail_outbox_document_sending_id", "mail_outbox", ["document_sending_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_mail_outbox_document_sending_id", "mail_outbox")
    op.drop_column("mail_outbox", "document_sending_id")
    op.drop_table("billing_statement_sending")
    drop_guard(TURN)
    drop_append_only(SENDING)
    op.drop_table(SENDING)
    op.create_table(
        SENDING,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("billing_document.id"), nullable=False),
        sa.Column("to_address", sa.String, nullable=False),
        sa.Column("queued_at", UtcDateTime, nullable=False),
        sa.Column("queued_by", sa.Integer),
        sa.Index("ix_billing_document_sending_document_id", "document_id"),
    )
