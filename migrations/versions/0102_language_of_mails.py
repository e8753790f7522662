"""In which language a mail is written, and whether what happened is good news: its HTML part shows both.

Expand-only: two columns with defaults. A mail of before has neither, and goes out all the same.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("language", "tone"):
        op.add_column("mail_outbox", sa.Column(name, sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("tone", "language"):
        op.drop_column("mail_outbox", name)
