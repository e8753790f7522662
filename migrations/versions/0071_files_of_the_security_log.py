"""What files were taken out of the ring, and how many rows they had: two columns of the security log.

Entries of before have neither. A web process of before that still runs cannot write its counts until it is ended: the
key has one column more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

KEY = "ix_auth_security_entry_minute"
# The key of before has room for one entry where there are now several files: the first one stays.
KEEP_ONE = """
DELETE FROM auth_security_entry WHERE id NOT IN (
    SELECT min(id) FROM auth_security_entry GROUP BY minute, kind, network, user_id)
"""


def upgrade() -> None:
    op.add_column("auth_security_entry", sa.Column("file", sa.String, nullable=False, server_default=""))
    op.add_column("auth_security_entry", sa.Column("row_count", sa.BigInteger, nullable=False, server_default="0"))
    op.drop_index(KEY, "auth_security_entry")
    op.create_index(KEY, "auth_security_entry", ["minute", "kind", "network", "user_id", "file"], unique=True)


def downgrade() -> None:
    op.execute(KEEP_ONE)
    op.drop_index(KEY, "auth_security_entry")
    op.drop_column("auth_security_entry", "row_count")
    op.drop_column("auth_security_entry", "file")
    op.create_index(KEY, "auth_security_entry", ["minute", "kind", "network", "user_id"], unique=True)
