"""When an API token ends and when it was last used; tokens that exist end a year after the update.

Tokens and calendar subscriptions of disabled logins are revoked: until now they worked again when the login was enabled.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

token = sa.table(
    "auth_api_token", *(sa.column(name, UtcDateTime) for name in ("expires_at", "revoked_at")), sa.column("user_id")
)
feed = sa.table("calendars_feed", sa.column("revoked_at", UtcDateTime), sa.column("user_id"))
user = sa.table("auth_user", sa.column("id"), sa.column("disabled_at", UtcDateTime))


def upgrade() -> None:
    now = datetime.now(UTC)
    op.add_column("auth_api_token", sa.Column("expires_at", UtcDateTime))
    op.add_column("auth_api_token", sa.Column("last_used_at", UtcDateTime))
    op.execute(token.update().values(expires_at=now + timedelta(days=365)))
    with op.batch_alter_table("auth_api_token") as table:
        table.alter_column("expires_at", existing_type=UtcDateTime, nullable=False)
    disabled = sa.select(user.c.id).where(user.c.disabled_at.is_not(None))
    for access in (token, feed):
        ended = access.update().where(access.c.user_id.in_(disabled), access.c.revoked_at.is_(None))
        op.execute(ended.values(revoked_at=now))


def downgrade() -> None:
    op.drop_column("auth_api_token", "last_used_at")
    op.drop_column("auth_api_token", "expires_at")
