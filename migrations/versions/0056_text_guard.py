"""A guard of texts on SQLite, which stored NUL where PostgreSQL refuses it.

The guard itself is set by env.py after every upgrade (migrations/text_guard.py); this revision makes a ring that is
updated pass there. Rows that hold NUL stay as they are: `ring check texts` finds them.
"""

from __future__ import annotations

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave it to env.py."""


def downgrade() -> None:
    """Leave it to env.py: an older program works with the guard too."""
