"""${message}.

State what the revision adds or forbids, and why. The previous program must still run on the new schema (expand,
then contract). A revision that rebuilds booking_occupancy on SQLite creates the triggers of the overlap guard again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
