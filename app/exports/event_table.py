"""The event log as a table for files: each event as text, and its facts exactly as recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.exports import event_log
from app.exports.event_log import EventRow
from app.exports.event_names import Named, concerned, name_of, title_of
from app.wording.events import timeless_texts
from app.wording.formats import as_zone
from billing.exports.tables import INSTANT, TEXT, WHOLE, Column, Row, Table
from billing.limits import require_period
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of

EVENT_COLUMNS = (
    Column("event", WHOLE),
    Column("at", INSTANT),
    Column("actor", TEXT),
    Column("what", TEXT),
    Column("concerns", TEXT),
    Column("details", TEXT),
    Column("starts_at", INSTANT),
    Column("ends_at", INSTANT),
    Column("reservation", WHOLE),
    Column("slip", WHOLE),
    Column("allocation", WHOLE),
    Column("event_type", TEXT),
    Column("facts", TEXT),
    Column("at_utc", TEXT),
)


def event_table(session: Session, since: date, until: date, *, only_money: bool = False) -> Table:
    """Return the events of some days by the ring's own clock, both included, the oldest first; read in batches.

    only_money: what treasurers may read. Raises WrongPeriod.
    """
    require_period(since, until)
    zone = as_zone(None)
    between = instant_of(since, 0, zone), instant_of(until, MINUTES_OF_A_DAY, zone)
    batches = event_log.all_events(session, *between, only_money=only_money)
    rows = (row for batch in batches for row in _rows(session, batch, zone))
    length = event_log.count(session, *between)
    return Table("events", EVENT_COLUMNS, rows, until, days=(since, until), length=length)


def _rows(session: Session, batch: Sequence[EventRow], zone: ZoneInfo) -> Iterator[Row]:
    for event, named in zip(batch, concerned(session, batch), strict=True):
        yield _row(event, named, zone)


def _row(event: EventRow, named: Sequence[Named], zone: ZoneInfo) -> Row:
    facts = event.facts
    return (
        event.id,
        event.at.astimezone(zone),
        event.actor,
        title_of(event),
        ", ".join(name_of(one) for one in named),
        "; ".join(timeless_texts(facts)),
        _instant(facts.get("starts_at"), zone),
        _instant(facts.get("ends_at"), zone),
        facts.get("reservation_id"),
        facts.get("usage_id"),
        facts.get("allocation_id"),
        event.type,
        json.dumps(facts, ensure_ascii=False, sort_keys=True),
        event.at.astimezone(UTC).isoformat(),
    )


def _instant(seconds: Any, zone: ZoneInfo) -> datetime | None:
    return datetime.fromtimestamp(seconds, zone) if isinstance(seconds, int) else None
