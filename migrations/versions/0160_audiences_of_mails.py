"""Whose mail a waiting one is, so that it is not sent to who may no longer read it. Expand-only, of none for those there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0160"
down_revision = "0159"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("audience", "recipient"):
        op.add_column("mail_outbox", sa.Column(name, sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("recipient", "audience"):
        op.drop_column("mail_outbox", name)
