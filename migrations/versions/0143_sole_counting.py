"""Two pools never count the charges of one machine on one day as advances, whatever they count. Expand-only.

The index of 0029 and 0129 is for pools that count one machine. This looks at machines, groups, workshops and the ring as
they are, also when a group changes. PostgreSQL checks at the commit, behind a lock, so that of two transactions the second
sees the first; SQLite with each statement that adds to what a pool counts.
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
# What each pool of advances counts, from a day until another, the second excluded.
PIECES = """
    SELECT pool.id AS pool_id, pool.machine_id AS machine_id, {first} AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), {last}) AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, counted.machine_id, scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), {last})
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN ({machines}) AS counted ON counted.scope_id = scope.id
"""
TWICE = """
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM ({pieces}) AS one JOIN ({pieces}) AS other
        ON other.machine_id = one.machine_id AND other.pool_id > one.pool_id
        AND one.since < other.until AND other.since < one.until)
"""
# Table -> what is done to it that can make two pools count the same.
ADDING = {
    "billing_pool": ("INSERT", "UPDATE"),
    "billing_pool_scope": ("INSERT", "UPDATE"),
    "billing_pool_scope_machine": ("INSERT", "UPDATE"),
    "booking_group_machine": ("INSERT", "UPDATE"),
    "booking_machine": ("UPDATE OF workshop_id",),
}
TAKING = ("billing_pool_scope",)  # the choice before it holds on; at the commit only: a choice is replaced in two steps


def upgrade() -> None:
    quoted = "'{}'" if _is_sqlite() else "DATE '{}'"
    pieces = PIECES.format(first=quoted.format(FIRST), last=quoted.format(LAST), machines=MACHINES)
    condition = TWICE.format(pieces=pieces)
    if _is_sqlite():
        for table, verbs in ADDING.items():
            for verb in verbs:
                op.execute(
                    f"CREATE TRIGGER {_named(table, verb)} AFTER {verb} ON {table} WHEN {condition} "
                    f"BEGIN SELECT RAISE(ABORT, '{NAME}'); END"
                )
        return
    op.execute(
        f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock(hashtext('{NAME}')); "
        f"IF {condition} THEN RAISE EXCEPTION '{NAME}' USING ERRCODE = 'restrict_violation'; END IF; "
        "RETURN NULL; END $$"
    )
    for table, verbs in _of_postgresql().items():
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {NAME} AFTER {' OR '.join(verbs)} ON {table} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW EXECUTE FUNCTION {NAME}()"
        )


def downgrade() -> None:
    if _is_sqlite():
        for table, verbs in ADDING.items():
            for verb in verbs:
                op.execute(f"DROP TRIGGER {_named(table, verb)}")
        return
    for table in _of_postgresql():
        op.execute(f"DROP TRIGGER {NAME} ON {table}")
    op.execute(f"DROP FUNCTION {NAME}()")


def _of_postgresql() -> dict[str, tuple[str, ...]]:
    return {table: (*verbs, *(("DELETE",) if table in TAKING else ())) for table, verbs in ADDING.items()}


def _named(table: str, verb: str) -> str:
    return f"{NAME}_{table.removeprefix('billing_').removeprefix('booking_')}_{verb.split(maxsplit=1)[0].lower()}"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
