"""Two pools never count the charges of one machine on one day as advances, whatever they count. Expand-only.

The index of 0029 and 0129 is for pools that count one machine. This looks at machines, groups, workshops and the ring as
they are, also when a group changes. Each trigger compares only what its row adds, so that a ring in which two pools count
one machine already (`ring check` names them) refuses nothing else. PostgreSQL checks at the commit, behind a lock, so
that of two transactions the second sees the first; SQLite with each statement that adds to what a pool counts.
"""

from __future__ import annotations

from alembic import op

revision = "0143"
down_revision = "0142"
branch_labels = None
depends_on = None

NAME = "billing_pool_counts_twice"
FIRST, LAST = "1990-01-01", "2100-01-01"
MACHINES = """
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
"""
# What each pool of advances counts, from a day until another, the second excluded; scope_id 0: the machine it was made of.
PIECES = """
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        {first} AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), {last}) AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), {last})
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN ({machines}) AS counted ON counted.scope_id = scope.id
"""
TWICE = """
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM ({pieces}) AS one JOIN ({pieces}) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE {added})
"""
# Table, and what is done to it that can make two pools count the same -> the pieces that it adds.
OF_POOL = "one.pool_id = NEW.id"
OF_SCOPE = "one.scope_id = NEW.scope_id AND one.machine_id = NEW.machine_id"
OF_GROUP = "one.group_id = NEW.group_id AND one.machine_id = NEW.machine_id"
OF_WORKSHOP = "one.workshop_id = NEW.workshop_id AND one.machine_id = NEW.id"
ADDING = {
    ("billing_pool", "INSERT"): OF_POOL,
    ("billing_pool", "UPDATE OF charges_are, machine_id"): OF_POOL,
    ("billing_pool_scope", "INSERT"): "one.scope_id = NEW.id",
    ("billing_pool_scope", "UPDATE"): "one.pool_id = NEW.pool_id",
    ("billing_pool_scope_machine", "INSERT"): OF_SCOPE,
    ("billing_pool_scope_machine", "UPDATE"): OF_SCOPE,
    ("booking_group_machine", "INSERT"): OF_GROUP,
    ("booking_group_machine", "UPDATE OF group_id, machine_id"): OF_GROUP,
    ("booking_machine", "INSERT"): OF_WORKSHOP,
    ("booking_machine", "UPDATE OF workshop_id"): OF_WORKSHOP,
}
# The choice before the one that is taken away holds on; at the commit only: a choice is replaced in two steps.
TAKING = {
    ("billing_pool_scope", "DELETE"): (
        "one.pool_id = OLD.pool_id AND one.since <= OLD.valid_from AND one.until > OLD.valid_from"
    )
}


def upgrade() -> None:
    quoted = "'{}'" if _is_sqlite() else "DATE '{}'"
    pieces = PIECES.format(first=quoted.format(FIRST), last=quoted.format(LAST), machines=MACHINES)
    for (table, verb), added in _guarded().items():
        name, condition = _named(table, verb), TWICE.format(pieces=pieces, added=added)
        if _is_sqlite():
            op.execute(
                f"CREATE TRIGGER {name} AFTER {verb} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{NAME}'); END"
            )
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"PERFORM pg_advisory_xact_lock(hashtext('{NAME}')); "
            f"IF {condition} THEN RAISE EXCEPTION '{NAME}' USING ERRCODE = 'restrict_violation'; END IF; "
            "RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {verb} ON {table} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    for table, verb in _guarded():
        name = _named(table, verb)
        if _is_sqlite():
            op.execute(f"DROP TRIGGER {name}")
            continue
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")


def _guarded() -> dict[tuple[str, str], str]:
    return ADDING if _is_sqlite() else ADDING | TAKING


def _named(table: str, verb: str) -> str:
    return f"{NAME}_{table.removeprefix('billing_').removeprefix('booking_')}_{verb.split(maxsplit=1)[0].lower()}"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
