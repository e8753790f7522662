"""What a server, a database or a role presets changes nothing of what the ring stores and reads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import InternalError

from app import create_app
from app.storage import migrate
from booking.kernel.database_url import sqlalchemy_url
from booking.kernel.engine import WRITING, connect_args, prepare_engine
from booking.kernel.errors import DatabaseNotUnicode

pytestmark = pytest.mark.postgresql

PRESETS = {
    "datestyle": "'German, DMY'",
    "intervalstyle": "iso_8601",
    "client_encoding": "SQL_ASCII",
    "timezone": "'Asia/Tokyo'",
    "default_transaction_isolation": "serializable",
    "search_path": "''",
    "statement_timeout": "50",
    "lock_timeout": "1",
    "idle_in_transaction_session_timeout": "100",
    "transform_null_equals": "on",
    "standard_conforming_strings": "off",
    "bytea_output": "escape",
    "extra_float_digits": "0",
    "synchronous_commit": "off",
}
SHOWN = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "TimeZone": "UTC",
    "transaction_isolation": "read committed",
    "search_path": '"$user", public',
    "standard_conforming_strings": "on",
    "synchronous_commit": "on",
}


@pytest.fixture
def direct_url(postgresql_template, tmp_path):
    with postgresql_template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def odd_database(direct_url):
    name = psycopg.conninfo.conninfo_to_dict(direct_url)["dbname"]
    with psycopg.connect(direct_url, autocommit=True) as connection:
        for preset, value in PRESETS.items():
            connection.execute(f'ALTER DATABASE "{name}" SET {preset} = {value}')
    yield direct_url
    with psycopg.connect(direct_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" RESET ALL')


@pytest.mark.parametrize("pooler", ["", "pooler=transaction"])
def test_each_connection_is_set_up_whatever_is_preset(odd_database, pooler):
    url = sqlalchemy_url(odd_database + (("&" if "?" in odd_database else "?") + pooler if pooler else ""))
    engine = create_engine(url, connect_args=connect_args(url))
    prepare_engine(engine)
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)

    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        shown = {name: connection.scalar(text(f"SHOW {name}")) for name in SHOWN}
        read = connection.execute(
            text("SELECT CAST(:noon AS timestamptz), CAST(:day AS date), CAST(:name AS text), CAST(:bytes AS bytea)"),
            {"noon": noon, "day": date(2026, 2, 1), "name": "Łukasz \\ 漢", "bytes": b"\x00\xff\\"},
        ).one()
    engine.dispose()

    assert shown == SHOWN
    assert tuple(read) == (noon, date(2026, 2, 1), "Łukasz \\ 漢", b"\x00\xff\\")


def test_what_only_reads_cannot_write_and_leaves_its_statements_prepared(direct_url):
    url = sqlalchemy_url(direct_url)
    engine = create_engine(url, connect_args=connect_args(url), pool_size=1, max_overflow=0)
    prepare_engine(engine)
    writing = engine.execution_options(**{WRITING: True})

    for _request in range(3):  # by the third it is worth it
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM booking_machine"))
    with writing.connect() as connection:  # refused by a rule, and rolled back
        connection.execute(text("UPDATE booking_machine SET revision = revision + 1"))
    with engine.connect() as connection:
        prepared = connection.scalar(
            text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%machine'")
        )
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    with engine.connect() as connection, pytest.raises(InternalError, match="read-only transaction"):
        connection.execute(text("DELETE FROM booking_machine"))
    with writing.connect() as connection:
        connection.execute(text("DELETE FROM booking_machine"))
        still = connection.scalar(text("SELECT pg_backend_pid()"))
    engine.dispose()

    assert prepared == 1
    assert still == backend, "a program's own fault is no fail-over, and costs no connection"


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_in_another_encoding_is_refused_with_the_way_out_by_every_process(direct_url, tmp_path, encoding):
    known, name = psycopg.conninfo.conninfo_to_dict(direct_url)["dbname"], f"test_in_{encoding.lower()}"
    with psycopg.connect(direct_url, autocommit=True) as connection:
        made = f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        connection.execute(made)
    try:
        other = sqlalchemy_url(direct_url.replace(f"/{known}", f"/{name}"))
        with pytest.raises(DatabaseNotUnicode, match=encoding):
            migrate.require_writable(other)
        app = create_app({"DATABASE_URL": other}, instance_path=tmp_path)
        answers = [app.test_client().get(path) for path in ("/readyz", "/login", "/api/v1/machines")]
        assert [answer.status_code for answer in answers] == [503] * 3
        assert answers[-1].json["code"] == "database_not_unicode"
        with app.app_context():
            run = app.test_cli_runner().invoke(args=["ring", "check"])
            found = app.test_cli_runner().invoke(args=["ring", "doctor", "--without-mail"])
        assert f"stores texts as {encoding}" in run.output
        assert "createdb --encoding=UTF8" in run.output
        assert "error encoding:" in found.output
    finally:
        with psycopg.connect(direct_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
