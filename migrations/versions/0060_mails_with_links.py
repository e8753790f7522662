"""When the one-use link in a mail ends, so that its text is stored encrypted and is not sent afterwards; urgent mails.

Expand-only. The program encrypts the texts of mails that wait here (and the secrets of second factors) when it is
started next: migrations do not know SECRET_KEY. Texts whose link was used or withdrawn are emptied at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

LINK = (
    "SELECT {column} FROM auth_one_use_token link"
    " WHERE mail_outbox.key = link.purpose || ':' || CAST(link.id AS VARCHAR)"
)


def upgrade() -> None:
    op.add_column("mail_outbox", sa.Column("link_ends_at", UtcDateTime))
    op.add_column("mail_outbox", sa.Column("is_urgent", sa.Boolean, nullable=False, server_default=sa.false()))
    op.drop_index("ix_mail_outbox_sent_at", "mail_outbox")
    op.create_index(
        "ix_mail_outbox_sent_at",
        "mail_outbox",
        ["sent_at", "given_up_at", "is_urgent", "next_attempt_at"],
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete = ON")  # no secret remains in the free space of a page
    link_mails = "sent_at IS NULL AND (key LIKE 'invitation:%' OR key LIKE 'password:%')"
    op.execute(f"UPDATE mail_outbox SET link_ends_at = ({LINK.format(column='expires_at')}) WHERE {link_mails}")
    op.execute(
        f"UPDATE mail_outbox SET body = '', given_up_at = COALESCE(given_up_at, queued_at)"
        f" WHERE {link_mails} AND NOT EXISTS ({LINK.format(column='1')} AND link.used_at IS NULL)"
    )


def downgrade() -> None:
    op.drop_index("ix_mail_outbox_sent_at", "mail_outbox")
    op.create_index(
        "ix_mail_outbox_sent_at",
        "mail_outbox",
        ["sent_at", "given_up_at", "next_attempt_at"],
    )
    op.drop_column("mail_outbox", "is_urgent")
    op.drop_column("mail_outbox", "link_ends_at")
