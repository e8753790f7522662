"""A version of the names of members, which the database changes with each of them.

A part of a name is in no index: each search looked at all members by a regular expression. Processes keep the names as long as
this text is the same. It is random and not a number, so that it is never the one of other names, also after a restore.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

TABLE, COLUMNS = "booking_member_names", "number, name, trade, email"
CHANGES = {"insert": "INSERT", "delete": "DELETE", "update": f"UPDATE OF {COLUMNS}"}
SQLITE_VERSION, POSTGRESQL_VERSION = "lower(hex(randomblob(16)))", "gen_random_uuid()::text"
CHANGED = f"""INSERT INTO {TABLE} (id, version) VALUES (1, {{version}})
    ON CONFLICT (id) DO UPDATE SET version = excluded.version;"""
FUNCTION = f"""CREATE FUNCTION {TABLE}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {CHANGED.format(version=POSTGRESQL_VERSION)} RETURN NULL; END $$"""


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    version = SQLITE_VERSION if is_sqlite else POSTGRESQL_VERSION
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="only_one")),
        sa.Column("version", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_booking_member_names"),
    )
    # No row means that there was never a member.
    op.execute(f"INSERT INTO {TABLE} (id, version) SELECT 1, {version} WHERE EXISTS (SELECT 1 FROM booking_member)")
    if is_sqlite:
        for name, change in CHANGES.items():
            trigger = f"CREATE TRIGGER {TABLE}_{name} AFTER {change} ON booking_member"
            op.execute(f"{trigger} BEGIN {CHANGED.format(version=version)} END")
        return
    op.execute(FUNCTION)
    for name, change in CHANGES.items():
        trigger = f"CREATE TRIGGER {TABLE}_{name} AFTER {change} ON booking_member"
        op.execute(f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_changed()")


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name in CHANGES:
        op.execute(f"DROP TRIGGER {TABLE}_{name}" + ("" if is_sqlite else " ON booking_member"))
    if not is_sqlite:
        op.execute(f"DROP FUNCTION {TABLE}_changed()")
    op.drop_table(TABLE)
