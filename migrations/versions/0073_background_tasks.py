"""Tasks that the worker carries out: the request, how far it is, and the response in parts.

Expand-only: new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "background_task",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("auth_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("endpoint", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("script_root", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("done_steps", sa.Integer, nullable=False),
        sa.Column("total_steps", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("renewed_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("status", sa.Integer),
        sa.Column("location", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("csrf_token", sa.String, nullable=False),
        sa.Column("messages", sa.JSON, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        sa.CheckConstraint("(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="ended"),
    )
    op.create_index("ix_background_task_user_id", "background_task", ["user_id"])
    op.create_index(
        "ix_background_task_open", "background_task", ["id"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )
    op.create_table(
        "background_task_chunk",
        sa.Column(
            "task_id",
            sa.Integer,
            sa.ForeignKey("background_task.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("background_task_chunk")
    op.drop_table("background_task")
