"""The migrations lead to the models, and what only migrations make (the guards) is there at head."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import String, inspect, text

from app.schema import metadata
from app.storage import guards, migrate
from app.storage.backup import database_at
from migrations.text_guard import LEFT_OUT
from tests.databases import uri_of

on_both_databases = pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
SQLITE_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
POSTGRESQL_RULES = (
    "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION SELECT conname FROM pg_constraint WHERE contype = 'x'"
)
SQLITE_GUARDS = {"booking_occupancy_no_overlap_INSERT", "booking_occupancy_no_overlap_UPDATE"}
POSTGRESQL_GUARDS = {"booking_occupancy_no_overlap"}
APPEND_ONLY = {"booking_event_no_update", "booking_event_no_delete"}
HISTORY = ("booking_event", "booking_seal", "billing_charge", "billing_allocation", "billing_allocation_line")


@pytest.fixture
def connection(database_url):
    with database_at(uri_of(database_url)) as connection:
        yield connection


@on_both_databases
def test_the_migrations_lead_to_the_models(connection):
    context = MigrationContext.configure(connection, opts={"compare_type": True})

    assert compare_metadata(context, metadata) == []


@on_both_databases
def test_constraints_have_the_names_of_the_models(connection):
    assert constraint_names_of_database(connection) == constraint_names_of_models()


def constraint_names_of_database(connection) -> set[str]:
    inspector = inspect(connection)
    found = {inspector.get_pk_constraint(table)["name"] for table in metadata.tables}
    for get in (inspector.get_foreign_keys, inspector.get_unique_constraints, inspector.get_check_constraints):
        found |= {constraint["name"] for table in metadata.tables for constraint in get(table)}
    return found


def constraint_names_of_models() -> set[str]:
    return {str(constraint.name) for table in metadata.tables.values() for constraint in table.constraints}


@on_both_databases
def test_the_guards_are_there_and_named_for_ring_check(connection):
    """After a migration that makes or drops guards: RINGBUCH_GUARDS=1 writes the files anew."""
    found, file = guards.present(connection), guards.file_of(connection.dialect.name)
    if "RINGBUCH_GUARDS" in os.environ:
        file.write_text("\n".join([*sorted(found), ""]), encoding="utf-8")
    is_sqlite = connection.dialect.name == "sqlite"

    assert found >= (SQLITE_GUARDS if is_sqlite else POSTGRESQL_GUARDS) | APPEND_ONLY
    assert found == set(file.read_text(encoding="utf-8").split())


@pytest.mark.postgresql
def test_what_the_database_refuses_is_the_same_on_both(connection, sqlite_template, tmp_path):
    """Each rule of one database has its twin on the other; SQLite splits one rule into INSERT and UPDATE."""
    with sqlite_template.copy(tmp_path) as url, database_at(uri_of(url)) as on_sqlite:
        ours = rules(on_sqlite.scalars(text(SQLITE_TRIGGERS)))
    theirs = rules(connection.scalars(text(POSTGRESQL_RULES)))

    # PostgreSQL keeps instants in a type of its own and knows no INSERT OR REPLACE, and it refuses NUL in
    # any text; SQLite knows no TRUNCATE.
    assert {rule for rule in ours - theirs if not rule.endswith(("_no_replace", "_texts"))} <= {
        "booking_occupancy_instants"
    }
    assert not {rule for rule in theirs - ours if not rule.endswith("_no_truncate")}


def rules(names) -> set[str]:
    """Names of rules without the verb that SQLite adds."""
    verbs = ("_insert", "_update", "_delete")
    return {next((name[: -len(verb)] for verb in verbs if name.lower().endswith(verb)), name) for name in names}


@on_both_databases
def test_down_and_up_again_gives_the_same_schema(database_url):
    uri = uri_of(database_url)

    migrate.downgrade(uri, "base")
    migrate.upgrade(uri)

    with database_at(uri) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_revisions_are_one_line_of_numbered_thoughts_named_like_their_files():
    scripts = list(ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions())
    revisions = sorted(script.revision for script in scripts)

    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts)
    assert migrate.known_revisions() == set(revisions)
    assert migrate.head_revision() == revisions[-1]


def test_a_schema_of_a_newer_program_is_not_touched(sqlite_template, tmp_path):
    with sqlite_template.copy(tmp_path) as url:
        with database_at(url, writing=True) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(migrate.UnknownSchema, match="9999"):
            migrate.upgrade(url)


@on_both_databases
@pytest.mark.parametrize("table", HISTORY)
def test_history_is_neither_replaced_nor_emptied(connection, table):
    way_around = "replace" if connection.dialect.name == "sqlite" else "truncate"

    assert {f"{table}_no_update", f"{table}_no_delete", f"{table}_no_{way_around}"} <= guards.present(connection)


def test_no_row_of_history_is_replaced_by_any_of_its_keys(sqlite_template, tmp_path):
    """SQLite deletes what INSERT OR REPLACE replaces without a trigger on DELETE."""
    named = "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_replace'"
    with sqlite_template.copy(tmp_path) as url, database_at(uri_of(url)) as connection:
        found = inspect(connection)
        for table, trigger in connection.execute(text(named)):
            keys = [found.get_pk_constraint(table)["constrained_columns"]]
            keys += [one["column_names"] for one in found.get_unique_constraints(table)]
            keys += [one["column_names"] for one in found.get_indexes(table) if one["unique"]]
            for key in keys:
                same = [set(part.split(" AND ")) for part in re.findall(r"WHERE (.+?)\)", trigger)]
                assert {f"{column} = NEW.{column}" for column in key} in same, (table, key)


def test_every_text_of_sqlite_is_guarded_against_nul(sqlite_template, tmp_path):
    with sqlite_template.copy(tmp_path) as url, database_at(uri_of(url)) as connection:
        found = set(connection.scalars(text(SQLITE_TRIGGERS)))

    tables = {
        table.name
        for table in metadata.tables.values()
        if table.name not in LEFT_OUT and any(isinstance(column.type, String) for column in table.columns)
    }
    assert {f"{table}_texts_{verb}" for table in tables for verb in ("INSERT", "UPDATE")} <= found
