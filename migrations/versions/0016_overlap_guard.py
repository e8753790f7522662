"""The guard against overlaps: no unit is taken twice at the same time.

On SQLite an instant is text and compares as text, so a second pair of triggers refuses any other way of writing it
("2027-03-02T07:00" would sort after its neighbours). A later migration that rebuilds booking_occupancy on SQLite
drops these triggers silently and has to create them again.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
# The rows of a unit are disjoint, so the last one that starts before the new end decides:
# one index lookup, independent of the number of rows.
SQLITE_GUARD = """
CREATE TRIGGER booking_occupancy_no_overlap_{verb} BEFORE {verb} ON booking_occupancy
WHEN NEW.occupied_from < (
    SELECT neighbour.occupied_until FROM booking_occupancy AS neighbour
    WHERE neighbour.unit_id = NEW.unit_id AND neighbour.id IS NOT NEW.id
      AND neighbour.occupied_from < NEW.occupied_until
    ORDER BY neighbour.occupied_from DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'booking_occupancy_no_overlap'); END
"""

SQLITE_INSTANT = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*"
SQLITE_FORMAT_GUARD = """
CREATE TRIGGER booking_occupancy_instants_{verb} BEFORE {verb} ON booking_occupancy
WHEN NEW.occupied_from NOT GLOB '{pattern}' OR NEW.occupied_until NOT GLOB '{pattern}'
BEGIN SELECT RAISE(ABORT, 'booking_occupancy: write instants as YYYY-MM-DD HH:MM:SS.ffffff in UTC'); END
"""

POSTGRESQL_GUARD = """
ALTER TABLE booking_occupancy ADD CONSTRAINT booking_occupancy_no_overlap
EXCLUDE USING gist (
    int8range(unit_id, unit_id, '[]') WITH &&,
    tstzrange(occupied_from, occupied_until, '[)') WITH &&)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("INSERT", "UPDATE"):
            op.execute(SQLITE_GUARD.format(verb=verb))
            op.execute(SQLITE_FORMAT_GUARD.format(verb=verb, pattern=SQLITE_INSTANT))
    else:
        op.execute(POSTGRESQL_GUARD)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("INSERT", "UPDATE"):
            op.execute(f"DROP TRIGGER booking_occupancy_instants_{verb}")
            op.execute(f"DROP TRIGGER booking_occupancy_no_overlap_{verb}")
    else:
        op.execute("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap")
