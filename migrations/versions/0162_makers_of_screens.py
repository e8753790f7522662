"""Who made a screen on a wall, which ends with the login. Expand-only; of those there nobody is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0162"
down_revision = "0161"
branch_labels = None
depends_on = None

TABLE, MADE_BY = "auth_wall_screen", "fk_auth_wall_screen_made_by_auth_user"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("made_by", sa.Integer, sa.ForeignKey("auth_user.id", name=MADE_BY)))


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(MADE_BY, type_="foreignkey")
        batch.drop_column("made_by")
