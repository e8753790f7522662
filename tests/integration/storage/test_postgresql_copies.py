"""A PostgreSQL database that a test has used is as after the migrations when the next test gets it."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import OTHERS_END, UsedCopy

pytestmark = pytest.mark.postgresql

CONTENTS = (
    "SELECT * FROM booking_induction_kind",
    "SELECT * FROM booking_event",
    "SELECT * FROM booking_price_class ORDER BY code",
    "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
    "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
)
KIND = "INSERT INTO booking_induction_kind (name, valid_months) VALUES ('Laser', 12)"
MANY_KINDS = (
    "INSERT INTO booking_induction_kind (name, valid_months) SELECT i::text, 1 FROM generate_series(1, 300) AS i"
)
EVENT = "INSERT INTO booking_event (at, actor_job, type, facts) VALUES (now(), 'test', 'test', '{}')"


@pytest.fixture
def use(postgresql_template, tmp_path):
    """use(statement, ...) -> name and contents of the database on which they are executed, before they are."""

    def run(*statements):
        with postgresql_template.copy(tmp_path) as url, psycopg.connect(url, autocommit=True) as connection:
            contents = [connection.execute(statement).fetchall() for statement in CONTENTS]
            for statement in statements:
                connection.execute(statement)
            return connection.info.dbname, contents

    return run


def test_rows_and_sequences_are_restored(use):
    name, contents = use(KIND, EVENT)

    assert use() == (name, contents)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER booking_event_no_delete ON booking_event",
        "ALTER TABLE booking_event DISABLE TRIGGER ALL",
        "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap",
        "ALTER TABLE booking_member ALTER COLUMN name DROP NOT NULL",
        "CREATE TABLE booking_extra (id integer)",
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
    ],
)
def test_a_database_with_another_schema_is_not_used_again(use, change):
    name, contents = use(change)
    next_name, next_contents = use()

    assert next_name != name
    assert next_contents == contents


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO booking_price_class (code, name_de, name_en, sort_order) VALUES ('x', 'x', 'x', 9)",
        "DELETE FROM booking_price_class",
        "UPDATE booking_price_class SET name_en = 'x'",
    ],
)
def test_initial_rows_are_put_back(use, change):
    name, contents = use(change)

    assert use() == (name, contents)


def test_a_database_with_open_connections_is_restored(use, postgresql_template, tmp_path):
    with postgresql_template.copy(tmp_path) as url:
        left_open = psycopg.connect(url)
        left_open.execute(KIND)

    _name, contents = use()
    left_open.close()

    assert contents[0] == []


def test_a_database_whose_connections_a_test_has_ended_is_restored(use):
    name, contents = use(KIND, OTHERS_END)

    assert use() == (name, contents)


def test_rows_lie_in_the_order_of_their_insertion_in_every_use(postgresql_template, tmp_path):
    names = set()
    for _ in range(UsedCopy.VACUUM_AFTER + 2):
        with postgresql_template.copy(tmp_path) as url, psycopg.connect(url, autocommit=True) as connection:
            names.add(connection.info.dbname)
            connection.execute(MANY_KINDS)
            ids = [id_ for (id_,) in connection.execute("SELECT id FROM booking_induction_kind").fetchall()]
            assert ids == list(range(1, 301))
    assert len(names) == 1
