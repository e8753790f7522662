"""Which documents were issued before their sending was recorded: whether they were sent is not known. Expand-only.

Sending is recorded in the order of issue. So where documents were sent, all before the first of them are from the time
before; where none was, all that exist.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0137"
down_revision = "0136"
branch_labels = None
depends_on = None

UNKNOWN = """UPDATE billing_document_terms SET sending_unknown_until = coalesce(
    (SELECT min(document_id) - 1 FROM billing_document_sending), (SELECT max(id) FROM billing_document), 0)"""


def upgrade() -> None:
    op.add_column(
        "billing_document_terms", sa.Column("sending_unknown_until", sa.Integer, nullable=False, server_default="0")
    )
    op.execute(UNKNOWN)


def downgrade() -> None:
    op.drop_column("billing_document_terms", "sending_unknown_until")
