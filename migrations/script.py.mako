"""${message}.

Say here what the step adds or forbids and why. It must fit the previous code (expand, then contract), and
a step that rebuilds booking_occupancy on SQLite re-creates the guard of 0003.
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
