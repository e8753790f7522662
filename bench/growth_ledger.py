"""The entries of what growth.py charged and allocated, on the days of service as far as periods are open.

Their hashes are in the event log, so that `ring check` finds in the large ring what it finds in the demo: nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from billing.events import EntryPosted
from billing.ledger.posting import (
    ALLOCATED_COSTS,
    COUNTER,
    ENTRY_CONTENT,
    RECEIVABLES,
    SHARE,
    USE,
    USE_CHARGES,
    digest,
)

AT_ONCE = 10_000
PERIOD_GUARD = "billing_period_closed_insert"
ENTRY = ("id", "posting_date", "service_from", "service_until", "lines", "charge_id", "allocation_id", "sha256")
LINE = ("entry_id", "number", "account_id", "member_id", "machine_id", "pool_id", "topic", "cents")


class _Line(NamedTuple):
    account: str
    cents: int
    topic: str
    member_id: int | None = None
    machine_id: int | None = None
    pool_id: int | None = None


class _Source(NamedTuple):
    """What an entry is for: a charge or an allocation, its days of service, and its lines."""

    column: str
    id: int
    since: str
    until: str
    lines: list[_Line]


def post_all(connection: sqlite3.Connection) -> None:
    """Post what has no entry yet, on the last day of its service, or the first open one after it.

    What lies before the first closed period is posted as if that had been before it was closed.
    """
    (guard,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (PERIOD_GUARD,)).fetchone()
    connection.execute(f"DROP TRIGGER {PERIOD_GUARD}")
    accounts = dict(connection.execute("SELECT code, id FROM billing_account"))
    (entry_id,) = connection.execute("SELECT max(id) FROM billing_entry").fetchone()
    closed_from, open_from = connection.execute(
        "SELECT coalesce(min(first_day), ''), coalesce(date(max(last_day), '+1 day'), '') FROM billing_period"
        " WHERE state = 'closed'"
    ).fetchone()
    sources = [*_charges(connection), *_allocations(connection)]
    for first in range(0, len(sources), AT_ONCE):
        entries, lines = [], []
        for source in sources[first : first + AT_ONCE]:
            entry_id += 1
            own = [_row(entry_id, number, line, accounts) for number, line in enumerate(source.lines, start=1)]
            on = source.until if source.until < closed_from else max(source.until, open_from)
            entries.append(_entry(entry_id, on, source, own))
            lines += own
        _insert(connection, entries, lines)
    connection.execute(guard)


def _charges(connection: sqlite3.Connection) -> Iterator[_Source]:
    found = connection.execute(
        "SELECT id, service_date, member_id, machine_id, cents FROM billing_charge c WHERE cents <> 0"
        " AND NOT EXISTS (SELECT 1 FROM billing_entry e WHERE e.charge_id = c.id) ORDER BY id"
    )
    for charge_id, day, member_id, machine_id, cents in found:
        lines = [
            _Line(RECEIVABLES, cents, USE, member_id, machine_id),
            _Line(USE_CHARGES, -cents, COUNTER, None, machine_id),
        ]
        yield _Source("charge_id", charge_id, day, day, lines)


def _allocations(connection: sqlite3.Connection) -> Iterator[_Source]:
    found = connection.execute(
        "SELECT a.id, period_from, period_until, pool_id, machine_id FROM billing_allocation a"
        " JOIN billing_pool p ON p.id = a.pool_id"
        " WHERE NOT EXISTS (SELECT 1 FROM billing_entry e WHERE e.allocation_id = a.id) ORDER BY a.id"
    ).fetchall()
    for allocation_id, since, until, pool_id, machine_id in found:
        shares = connection.execute(
            "SELECT member_id, sum(cents) FROM billing_allocation_line WHERE allocation_id = ? GROUP BY 1"
            " HAVING sum(cents) <> 0 ORDER BY 1",
            (allocation_id,),
        )
        lines = [_Line(RECEIVABLES, cents, SHARE, member_id, machine_id, pool_id) for member_id, cents in shares]
        total = sum(line.cents for line in lines)
        lines.append(_Line(ALLOCATED_COSTS, -total, COUNTER, None, machine_id, pool_id))
        yield _Source("allocation_id", allocation_id, since, until, lines)


def _row(entry_id: int, number: int, line: _Line, accounts: dict[str, int]) -> dict[str, Any]:
    row = line._asdict() | {"entry_id": entry_id, "number": number, "account_id": accounts[line.account]}
    del row["account"]
    return row


def _entry(entry_id: int, on: str, source: _Source, lines: list[dict[str, Any]]) -> dict[str, Any]:
    entry: dict[str, Any] = dict.fromkeys(ENTRY_CONTENT) | {
        "id": entry_id,
        "posting_date": on,
        "service_from": source.since,
        "service_until": source.until,
        "lines": len(lines),
    }
    entry[source.column] = source.id
    return entry | {"sha256": digest(entry, lines)}


def _insert(connection: sqlite3.Connection, entries: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
    """Insert lines, then the entries that close them, then the events that seal them."""
    connection.executemany(
        f"INSERT INTO billing_posting ({', '.join(LINE)}) VALUES ({', '.join(f':{name}' for name in LINE)})", lines
    )
    connection.executemany(
        f"INSERT INTO billing_entry ({', '.join(ENTRY)}, posted_at)"
        f" VALUES ({', '.join(f':{name}' for name in ENTRY)}, :posting_date || ' 12:00:00.000000')",
        entries,
    )
    connection.executemany(
        "INSERT INTO booking_event (at, actor_job, type, facts) VALUES (:posting_date || ' 12:00:00.000000', 'pricing',"
        " :type, :facts)",
        (
            {
                "posting_date": one["posting_date"],
                "type": EntryPosted.type,
                "facts": json.dumps({"entry_id": one["id"], "sha256": one["sha256"]}),
            }
            for one in entries
        ),
    )
