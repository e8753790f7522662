"""The lines of the ledger that stand in no effective document, kept by the database. Expand-only; what exists is filled in.

The preview of invoices read every line that was ever posted. A line that a member owes is entered as it is posted; the
document line that invoices it (odd turn) takes it out, the one that takes the invoice back (even) enters it again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0132"
down_revision = "0131"
branch_labels = None
depends_on = None

TABLE = "billing_uninvoiced"
ENTER = f"INSERT INTO {TABLE} (entry_id, posting_number, member_id)"
POSTED = f"{ENTER} VALUES (NEW.entry_id, NEW.number, NEW.member_id);"
INVOICED = f"DELETE FROM {TABLE} WHERE entry_id = NEW.entry_id AND posting_number = NEW.posting_number;"
TAKEN_BACK = f"""{ENTER} SELECT entry_id, number, member_id FROM billing_posting
    WHERE entry_id = NEW.entry_id AND number = NEW.posting_number;"""
# (name, table, condition, what it does)
TRIGGERS = (
    (f"{TABLE}_posted", "billing_posting", "NEW.member_id IS NOT NULL", POSTED),
    (f"{TABLE}_invoiced", "billing_document_line", "NEW.turn % 2 = 1", INVOICED),
    (f"{TABLE}_taken_back", "billing_document_line", "NEW.turn % 2 = 0", TAKEN_BACK),
)
FILL = f"""{ENTER} SELECT entry_id, number, member_id FROM billing_posting AS posting
    WHERE member_id IS NOT NULL AND (SELECT count(*) FROM billing_document_line
    WHERE entry_id = posting.entry_id AND posting_number = posting.number) % 2 = 0"""


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("posting_number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        sa.Index("ix_billing_uninvoiced_member_id", "member_id"),
    )
    op.execute(FILL)
    for name, table, condition, action in TRIGGERS:
        if _is_sqlite():
            op.execute(f"CREATE TRIGGER {name} AFTER INSERT ON {table} WHEN {condition} BEGIN {action} END")
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    for name, table, _condition, _action in TRIGGERS:
        if _is_sqlite():
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table(TABLE)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
