"""A ring of an earlier program with rows in its tables is updated: no row is lost or changed, and everything works.

old_rings/0087.json has what the program wrote whose newest migration was 0087: one reservation of each status and one
that is being moved, two series, closures, a group, quotas, slips, charges and an allocation by its verbs, and a row in
each other table, but in those whose secrets are encrypted. Every migration from then on is tried with these rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, inspect, text
from sqlalchemy.orm import Session

from app.storage import audits, migrate
from app.storage.backup import database_at
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Status
from booking.reservations import decisions, reservations
from booking.series import series
from booking.waiting import answers, entries
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours
from tests.conftest import FILLED, MONDAY, FilledTemplate
from tests.databases import uri_of

STATE = "0087"
ROWS = json.loads((Path(__file__).parent / "old_rings" / f"{STATE}.json").read_text(encoding="utf-8"))
LOGINS = {"anna": 1, "bernd": 2, "wanda": 3, "karl": 4, "rita": 5}
PAGES = {
    "anna": ["/reservations/1", "/reservations/7", "/series/1", "/series/1/change", "/machines/combine"],
    "bernd": ["/reservations/6", "/reservations/8", "/waiting-list"],
    "wanda": [
        "/reservations/2",
        "/series/2",
        "/workshop/closures/20/change",
        "/workshop/closures/20/plan",
        "/workshop/inductions",
    ],
    "karl": ["/costs", "/costs/tariffs"],
    "rita": ["/admin/members"],
}
CHANGED: dict[str, set[str]] = {}  # table -> columns of which a migration changes values of before, and says why


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database of the earlier program, brought to the present schema."""
    template = request.getfixturevalue(f"{database_kind}_template")
    request.node.stash[FILLED] = FilledTemplate(template.copy, None)
    with template.copy(tmp_path) as url:
        uri = uri_of(url)
        migrate.downgrade(uri, STATE)
        with database_at(uri, writing=True) as connection, unguarded(connection):
            load(connection)
        migrate.upgrade(uri)
        yield url


@contextmanager
def unguarded(connection: Connection) -> Iterator[None]:
    """Enter rows as they were, without the triggers that count or refuse them."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("SET TimeZone = 'UTC'"))
        yield
        connection.execute(text("SET session_replication_role = origin"))
        return
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    for name, _sql in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _name, sql in triggers:
        connection.exec_driver_sql(sql)


def load(connection: Connection) -> None:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for name, table in ROWS.items():
        connection.exec_driver_sql(f'DELETE FROM "{name}"')
        marks = ", ".join([mark] * len(table["columns"]))
        columns = ", ".join(f'"{column}"' for column in table["columns"])
        for row in table["rows"]:
            values = tuple(bytes.fromhex(each["hex"]) if isinstance(each, dict) else each for each in row)
            connection.exec_driver_sql(f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', values)
        if connection.dialect.name == "postgresql" and "id" in table["columns"]:
            last = max(row[table["columns"].index("id")] for row in table["rows"])
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), {"name": name, "last": last}
            )


def plain(value: Any) -> Any:
    """Return a stored value in a form that is the same for both databases."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return {"hex": bytes(value).hex()}
    if isinstance(value, str) and value.startswith(("{", "[")):
        return json.loads(value)
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def changed_rows(session: Session) -> dict[str, Any]:
    """Return the tables of which rows are not as they were, with those rows."""
    found = {}
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TimeZone = 'UTC'"))
    for name, table in ROWS.items():
        there = {column["name"] for column in inspect(connection).get_columns(name)}
        kept = [column for column in table["columns"] if column in there and column not in CHANGED.get(name, ())]
        picked = [table["columns"].index(column) for column in kept]
        columns = ", ".join(f'"{column}"' for column in kept)
        stored = connection.exec_driver_sql(f'SELECT {columns} FROM "{name}"')
        after = [[plain(value) for value in row] for row in stored]
        before = [[plain(row[index]) for index in picked] for row in table["rows"]]
        if lost := [row for row in before if row not in after]:
            found[name] = lost, len(after) - len(before)
    return found


def broken_audits(session: Session) -> dict[str, list[str]]:
    session.rollback()
    found = {name: [one.text for one in audits.run_audit(session, name) if one.is_broken] for name in audits.AUDITS}
    return {name: texts for name, texts in found.items() if texts}


def test_no_row_is_lost_or_changed_and_what_was_begun_before_can_be_finished(session: Session) -> None:
    assert changed_rows(session) == {}
    assert broken_audits(session) == {}

    by = {"by": SOMEBODY, "now": MONDAY}
    with write_transaction(session):
        wished = WaitingWish(2, 1, None, hours(MONDAY, 24, 26))
        entries.join(session, wished, **by)
        decisions.approve(session, 2, **by)
        decisions.reject(session, 6, "Too wet", **by)  # a move, whose former time comes back
        series.cancel_rest(session, 1, **by)
    with write_transaction(session):
        day = date(2026, 12, 11)
        assert series.put_back(session, 1, day, **by).status is Status.CONFIRMED
        reservations.move(session, 7, hours(MONDAY, 2, 20), **by)
    session.rollback()
    restored = session.get_one(Reservation, 6)
    assert (restored.status, restored.starts_at) == (Status.CONFIRMED, MONDAY + timedelta(hours=48))
    assert answers.overdue(session, now=MONDAY) == []
    assert broken_audits(session) == {}


@pytest.mark.of_sqlite  # the pages of the newest rows are asked on both by other tests
def test_the_pages_answer(app: Flask, log_in) -> None:
    for name, addresses in PAGES.items():
        client = log_in(LOGINS[name])
        assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)
    plain_pages = [
        one.rule
        for one in app.url_map.iter_rules()
        if "GET" in (one.methods or ()) and not one.arguments and not one.rule.startswith(("/api", "/static"))
    ]
    for name, user_id in LOGINS.items():
        client = log_in(user_id)
        failed = [address for address in plain_pages if client.get(address).status_code >= 500]
        assert failed == [], name
