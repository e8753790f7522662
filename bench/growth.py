"""The demo ring with years of a large ring behind it: members, machines, reservations, slips, charges, events.

Rows are copied from those of the demo and lie before its season, so that every page shows of the present what it shows
of the demo, and whatever it costs more comes from what is stored. Nothing is analysed: the program does not do so.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from app.subscriptions import SUBSCRIPTIONS
from bench import growth_ledger
from billing.split import split_cents
from booking.kernel import sealing

FORMAT = "%Y-%m-%d %H:%M:%S.%f"
EVERY = timedelta(hours=24)  # a machine is used once a day
USED = timedelta(hours=2)
ALLOCATED_OF_100 = 23  # of the slips, in one large allocation


class _Event(NamedTuple):
    """An event as the seal reads it."""

    id: int
    at: datetime
    actor_user_id: int | None
    actor_job: str | None
    type: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Size:
    """How many rows there are in the end, those of the demo included."""

    machines: int = 200
    members: int = 3_000
    reservations: int = 405_000
    slips: int = 420_000
    events: int = 2_000_000


def grow(database: Path, size: Size) -> None:
    """Add rows to the database of a demo ring until it has this size."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN IMMEDIATE")
    _add_members(connection, size.members)
    _add_machines(connection, size.machines)
    season = connection.execute("SELECT min(occupied_from) FROM booking_occupancy").fetchone()[0]
    end = datetime.fromisoformat(season) - timedelta(days=2)
    _add_reservations(connection, size.reservations, end)
    _add_slips(connection, size.slips)
    _add_charges(connection)
    _add_allocations(connection)
    growth_ledger.post_all(connection)
    _add_events(connection, size.events)
    _seal_events(connection)
    _deliver_events(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _add_members(connection: sqlite3.Connection, wanted: int) -> None:
    columns = _columns(connection, "booking_member", "id", "number", "name")
    for number in range(_count(connection, "booking_member"), wanted):
        connection.execute(
            f"INSERT INTO booking_member (number, name, {columns}) SELECT ?, ?, {columns} FROM booking_member"
            " WHERE id = (SELECT min(id) FROM booking_member)",
            (f"G-{number:05}", f"Member {number}"),
        )


def _add_machines(connection: sqlite3.Connection, wanted: int) -> None:
    originals = [row[0] for row in connection.execute("SELECT id FROM booking_machine WHERE retired_at IS NULL")]
    machine = _columns(connection, "booking_machine", "id", "slug", "name")
    unit = _columns(connection, "booking_unit", "id", "machine_id")
    tariff = _columns(connection, "billing_tariff", "id", "machine_id")
    for number in range(_count(connection, "booking_machine"), wanted):
        original = originals[number % len(originals)]
        copy = connection.execute(
            f"INSERT INTO booking_machine (slug, name, {machine}) SELECT slug || ?, name || ?, {machine}"
            " FROM booking_machine WHERE id = ?",
            (f"-{number}", f" {number}", original),
        ).lastrowid
        connection.execute(
            f"INSERT INTO booking_unit (machine_id, {unit}) SELECT ?, {unit} FROM booking_unit WHERE machine_id = ?",
            (copy, original),
        )
        for (tariff_id,) in connection.execute("SELECT id FROM billing_tariff WHERE machine_id = ?", (original,)):
            new = connection.execute(
                f"INSERT INTO billing_tariff (machine_id, {tariff})"
                f" SELECT ?, {tariff} FROM billing_tariff WHERE id = ?",
                (copy, tariff_id),
            ).lastrowid
            connection.execute(
                "INSERT INTO billing_tariff_price SELECT ?, price_class, price FROM billing_tariff_price"
                " WHERE tariff_id = ?",
                (new, tariff_id),
            )


def _add_reservations(connection: sqlite3.Connection, wanted: int, end: datetime) -> None:
    units = connection.execute("SELECT machine_id, min(id) FROM booking_unit GROUP BY 1 ORDER BY 1").fetchall()
    members = [row[0] for row in connection.execute("SELECT id FROM booking_member ORDER BY id")]
    first = connection.execute("SELECT max(id) + 1 FROM booking_hold").fetchone()[0]
    number = wanted - _count(connection, "booking_reservation")
    rows = list(_spans(number, first, units, members, end))
    connection.executemany("INSERT INTO booking_hold (id, kind) VALUES (:id, 'reservation')", rows)
    connection.executemany(
        "INSERT INTO booking_reservation (id, uid, machine_id, member_id, starts_at, ends_at, occupied_from,"
        " occupied_until, places, purpose, status, revision, created_at, changed_at, asked_at, reason, is_late_cancel)"
        " VALUES (:id, :uid, :machine, :member, :start, :end, :start, :end, 1, 'bench', 'completed', 0, :start, :end,"
        " :start, '', 0)",
        rows,
    )
    # What is over and was used frees its place with the hand-back; the plan keeps its occupancy as the demo does.
    connection.executemany(
        "INSERT INTO booking_occupancy (unit_id, occupied_from, occupied_until, hold_id)"
        " VALUES (:unit, :start, :end, :id)",
        reversed(rows),
    )


def _spans(
    number: int, first: int, units: list[tuple[int, int]], members: list[int], end: datetime
) -> Iterator[dict[str, object]]:
    for index in range(number):
        machine_id, unit_id = units[index % len(units)]
        start = end - EVERY * (index // len(units) + 1)
        yield {
            "id": first + index,
            "uid": f"{first + index}@growth",
            "machine": machine_id,
            "unit": unit_id,
            "member": members[(index * 7) % len(members)],
            "start": start.strftime(FORMAT),
            "end": (start + USED).strftime(FORMAT),
        }


def _add_slips(connection: sqlite3.Connection, wanted: int) -> None:
    """Add a slip to each new reservation, and slips of uses without a reservation until there are enough."""
    columns = (
        "reservation_id, machine_id, member_id, charge_unit, handed_out_at, handed_back_at, booked_amount, used_amount,"
        " places, note_before, note_after, objection, answer, revision, price_class, service_date, objection_until"
    )
    amounts = "handed_out_at, handed_back_at, NULL, 7200, 1, '', '', '', '', 1, 'member', service_date, handed_back_at"
    reserved = (
        f"INSERT INTO booking_usage ({columns}) SELECT r.id, r.machine_id, r.member_id, m.charge_unit, r.starts_at,"
        " r.ends_at, NULL, 7200, 1, '', '', '', '', 1, 'member', date(r.starts_at), r.ends_at"
        " FROM booking_reservation r JOIN booking_machine m ON m.id = r.machine_id"
        " WHERE r.uid LIKE '%@growth' ORDER BY r.starts_at"
    )
    connection.execute(reserved)
    missing = wanted - _count(connection, "booking_usage")
    connection.execute(
        f"INSERT INTO booking_usage ({columns}) SELECT NULL, machine_id, member_id, charge_unit, {amounts}"
        " FROM booking_usage WHERE reservation_id IN (SELECT id FROM booking_reservation WHERE uid LIKE '%@growth')"
        " ORDER BY id LIMIT ?",
        (max(missing, 0),),
    )


def _add_charges(connection: sqlite3.Connection) -> None:
    """Charge every slip that has no charge, as a slip of the demo was."""
    columns = (
        "usage_id, number, member_id, machine_id, tariff_id, service_date, price_class, charge_unit, charged_amount,"
        " cents, calculation, created_at"
    )
    connection.execute(
        f"INSERT INTO billing_charge ({columns}) SELECT u.id, 1, u.member_id, u.machine_id,"
        " (SELECT min(t.id) FROM billing_tariff t WHERE t.machine_id = u.machine_id), u.service_date, u.price_class,"
        " u.charge_unit, c.charged_amount, c.cents, c.calculation, u.handed_back_at"
        " FROM booking_usage u, (SELECT * FROM billing_charge WHERE number = 1 ORDER BY id LIMIT 1) c"
        " WHERE u.handed_back_at IS NOT NULL AND u.id NOT IN (SELECT usage_id FROM billing_charge)"
        " AND EXISTS (SELECT 1 FROM billing_tariff t WHERE t.machine_id = u.machine_id) ORDER BY u.id"
    )


def _add_allocations(connection: sqlite3.Connection) -> None:
    """Add one allocation of a tenth of all slips by use, over all members who used something."""
    pool_id, total = connection.execute("SELECT min(id), 1000000 FROM billing_pool").fetchone()
    first, last = connection.execute("SELECT min(service_date), max(service_date) FROM booking_usage").fetchone()
    number = _count(connection, "booking_usage") * ALLOCATED_OF_100 // 100
    allocation_id = connection.execute(
        "INSERT INTO billing_allocation (pool_id, period_from, period_until, total_cents, posted_at, note)"
        " VALUES (?, ?, ?, ?, ?, '')",
        (pool_id, first, last, total, f"{last} 12:00:00.000000"),
    ).lastrowid
    connection.execute(
        "INSERT INTO billing_allocation_slip (allocation_id, usage_id, member_id, service_date, amount)"
        " SELECT ?, id, member_id, service_date, 7200 FROM booking_usage WHERE used_amount IS NOT NULL"
        " ORDER BY id LIMIT ?",
        (allocation_id, number),
    )
    cost = connection.execute(
        "INSERT INTO billing_cost (pool_id, service_date, supplier, kind, document, note, net_cents, entered_at,"
        " revision) VALUES (?, ?, 'Supplier', 'repair', '', '', ?, ?, 0)",
        (pool_id, last, total, f"{last} 12:00:00.000000"),
    ).lastrowid
    _add_group(connection, allocation_id, cost, total, last)


def _add_group(
    connection: sqlite3.Connection, allocation_id: int | None, cost: int | None, total: int, last: str
) -> None:
    weights = connection.execute(
        "SELECT member_id, sum(amount) FROM billing_allocation_slip WHERE allocation_id = ? GROUP BY 1 ORDER BY 1",
        (allocation_id,),
    ).fetchall()
    connection.execute(
        "INSERT INTO billing_cost_group (allocation_id, number, key, kinds, charge_unit, cents, weight_sum)"
        " VALUES (?, 1, 'use', '[\"repair\"]', 'hour', ?, ?)",
        (allocation_id, total, sum(weight for _member, weight in weights)),
    )
    connection.execute(
        "INSERT INTO billing_allocation_cost (allocation_id, cost_id, group_number, service_date, supplier, kind,"
        " document, net_cents) VALUES (?, ?, 1, ?, 'Supplier', 'repair', '', ?)",
        (allocation_id, cost, last, total),
    )
    parts = split_cents(total, dict(weights))
    connection.executemany(
        "INSERT INTO billing_allocation_line (allocation_id, group_number, member_id, weight, cents, got_rounding_cent)"
        " VALUES (?, 1, ?, ?, ?, 0)",
        ((allocation_id, member_id, weight, parts[member_id]) for member_id, weight in weights),
    )


def _add_events(connection: sqlite3.Connection, wanted: int) -> None:
    """Repeat the events of the demo, with the instants of the slips."""
    number = wanted - _count(connection, "booking_event")
    connection.execute(
        "CREATE TEMP TABLE sample AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, * FROM booking_event"
        " WHERE type NOT IN ('entry_posted', 'document_issued', 'period_closed')"  # each proves one thing, once
    )
    samples = connection.execute("SELECT count(*) FROM sample").fetchone()[0]
    connection.execute(
        "INSERT INTO booking_event (at, actor_user_id, actor_job, type, facts)"
        " WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)"
        " SELECT sample.at, actor_user_id, actor_job, type, facts FROM numbers JOIN sample ON sample.n = numbers.n % ?",
        (number, samples),
    )
    connection.execute("DROP TABLE sample")


def _seal_events(connection: sqlite3.Connection) -> None:
    """Continue the chain of seals over all events, as the worker does."""
    newest = connection.execute("SELECT digest FROM booking_seal ORDER BY id DESC LIMIT 1").fetchone()
    previous = newest[0] if newest else sealing.GENESIS
    events = connection.execute(
        "SELECT id, at, actor_user_id, actor_job, type, facts FROM booking_event"
        " WHERE id NOT IN (SELECT event_id FROM booking_sealed_event) ORDER BY id"
    )
    while batch := [_event(row) for row in events.fetchmany(sealing.BATCH_EVENTS)]:
        digest = sealing.digest_of(previous, batch)
        seal_id = connection.execute(
            "INSERT INTO booking_seal (sealed_at, previous_digest, digest) VALUES (?, ?, ?)",
            (batch[-1].at.strftime(FORMAT), previous, digest),
        ).lastrowid
        connection.executemany(
            "INSERT INTO booking_sealed_event (event_id, seal_id) VALUES (?, ?)",
            ((event.id, seal_id) for event in batch),
        )
        previous = digest


def _event(row: tuple[Any, ...]) -> _Event:
    event_id, at, user_id, job, event_type, facts = row
    return _Event(event_id, datetime.fromisoformat(at).replace(tzinfo=UTC), user_id, job, event_type, json.loads(facts))


def _deliver_events(connection: sqlite3.Connection) -> None:
    """Move every consumer to the end of the log: what was copied has had its effects."""
    newest = connection.execute("SELECT max(id) FROM booking_event").fetchone()[0]
    moment = datetime.now(UTC).strftime(FORMAT)
    connection.executemany(
        "INSERT INTO booking_event_cursor (consumer, event_id, checked_at) VALUES (?, ?, ?)"
        " ON CONFLICT (consumer) DO UPDATE SET event_id = excluded.event_id",
        ((consumer, newest, moment) for consumer in (sealing.CONSUMER, *(one.subscriber for one in SUBSCRIPTIONS))),
    )


def _columns(connection: sqlite3.Connection, table: str, *without: str) -> str:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    return ", ".join(name for name in names if name not in without)


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
