"""What the verbs on master records share: checks, the refusal, writing what changed, the event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Table, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.errors.schedule_errors import RecordRefused, Violation
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import Base
from booking.models import DeletedId, Photo
from booking.times.opening_hours import MINUTES_OF_A_DAY, Opening

EARLIEST_DAY, LATEST_DAY = date(1900, 1, 1), date(2199, 12, 31)  # of a record; others are typing errors
# Pages of the program beside those of a machine or a workshop; tests/architecture/test_reserved_slugs.py.
RESERVED_SLUGS = frozenset(
    {"clock", "closures", "damage", "free", "inductions", "maintenance", "new", "outside", "quotas"}
)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check_slug(data: Any) -> list[Violation]:
    """Return what is wrong with a short name (actual); an empty one is missing.

    slug_form: it cannot be part of an address; slug_reserved: a page of the program has this address.
    """
    if data.slug in RESERVED_SLUGS:
        return [Violation("slug_reserved", "slug", actual=data.slug)]
    if not data.slug.strip() or SLUG.fullmatch(data.slug):
        return []
    return [Violation("slug_form", "slug", actual=data.slug[:80])]


def check_filled(data: object, fields: Iterable[str]) -> list[Violation]:
    """Return missing: the fields that are empty."""
    return [Violation("missing", field) for field in fields if not getattr(data, field).strip()]


def check_lengths(data: object, lengths_max: Mapping[str, int]) -> list[Violation]:
    """Return at_most: the fields that are too long; limit and actual in characters."""
    lengths = {field: len(getattr(data, field)) for field in lengths_max}
    return [
        Violation("at_most", field, limit=limit, actual=lengths[field])
        for field, limit in lengths_max.items()
        if lengths[field] > limit
    ]


def check_day(field: str, day: date | None) -> list[Violation]:
    """Return day_too_early or day_too_late (limit: the first or last possible day) for a year that cannot be meant."""
    if day is None or EARLIEST_DAY <= day <= LATEST_DAY:
        return []
    if day < EARLIEST_DAY:
        return [Violation("day_too_early", field, limit=EARLIEST_DAY, actual=day)]
    return [Violation("day_too_late", field, limit=LATEST_DAY, actual=day)]


def check_zone(name: str) -> list[Violation]:
    """Return unknown_zone (actual: the name) unless IANA knows the time zone."""
    return [] if name in available_timezones() else [Violation("unknown_zone", "timezone", actual=name)]


def check_openings(openings: Iterable[Opening]) -> list[Violation]:
    """Return opening_backwards, openings_overlap (actual: the weekday) for the openings of a week."""
    violations: list[Violation] = []
    last_close: dict[int, int] = {}
    for weekday, opens, closes in sorted(openings):
        if not 0 <= opens < closes <= MINUTES_OF_A_DAY:
            violations.append(Violation("opening_backwards", "openings", actual=weekday))
        elif opens < last_close.get(weekday, 0):
            violations.append(Violation("openings_overlap", "openings", actual=weekday))
        last_close[weekday] = closes
    return violations


def check_unused(
    session: Session, field: InstrumentedAttribute[str], wanted: str, record_id: int | None = None
) -> list[Violation]:
    """Return already_used (actual: the wanted value) if another record than record_id has it."""
    is_used = select(exists().where(field == wanted, field.class_.id != (record_id or 0)))
    return [Violation("already_used", field.key, actual=wanted)] if session.scalar(is_used) else []


def new_ids(session: Session, table: Table, count: int = 1) -> list[int | None]:
    """Return the ids for new rows of a table from which rows are deleted; None leaves the id to the database.

    PostgreSQL never gives an id twice. SQLite would give that of a deleted last row again, and the event log would
    name the new record for what was done with the old one.
    """
    if session.get_bind().dialect.name != "sqlite":
        return [None] * count
    deleted = session.scalar(select(DeletedId.last_id).where(DeletedId.table_name == table.name)) or 0
    if not deleted:
        return [None] * count
    highest = max(deleted, session.scalar(select(func.max(table.c.id))) or 0)
    return list(range(highest + 1, highest + 1 + count))


def note_deleted_ids(session: Session, table: Table, ids: Iterable[int]) -> None:
    """Note that rows were deleted, so that none gets their ids."""
    last_id = max(ids, default=0)
    stored = session.get(DeletedId, table.name)
    if stored is None and last_id:
        session.add(DeletedId(table_name=table.name, last_id=last_id))
    elif stored is not None:
        stored.last_id = max(stored.last_id, last_id)
    session.flush()


def values_of(data: Any) -> dict[str, Any]:
    """Return what was entered by the names of its fields; an Address stays a value, which asdict() would not keep."""
    return {field.name: getattr(data, field.name) for field in fields(data)}


def refuse(violations: list[Violation]) -> None:
    """Raise RecordRefused with all violations, if there are any."""
    if violations:
        raise RecordRefused(violations)


def changed_fields(record: Base, entered: Mapping[str, object]) -> list[str]:
    """Return the names of the fields in which a record differs from what was entered."""
    return [name for name, value in entered.items() if getattr(record, name) != value]


def write(record: Base, entered: Mapping[str, object]) -> list[str]:
    """Write what was entered to a record. Return the names of the fields that changed."""
    changed = changed_fields(record, entered)
    for name in changed:
        setattr(record, name, entered[name])
    return changed


def note(session: Session, table: str, record_id: int, what: str, by: Actor, now: datetime) -> None:
    """Record the event that a record was entered or changed; table and what: see RecordChanged."""
    events.record(session, RecordChanged(table=table, record_id=record_id, what=what), by=by, at=now)


def store_photo(
    session: Session,
    content: bytes,
    media_type: str,
    *,
    now: datetime,
    thumb: bytes | None = None,
    card: bytes | None = None,
) -> int:
    """Store a picture, already re-encoded and small; return its id. Call inside write_transaction().

    A picture is never changed, so its id always means the same picture.
    """
    photo = Photo(content=content, media_type=media_type, thumb=thumb, card=card, taken_at=now)
    session.add(photo)
    session.flush()
    return photo.id


def store_small(session: Session, photo_id: int, *, thumb: bytes, card: bytes) -> None:
    """Store the small pictures that a photo has not."""
    missing = {Photo.thumb: func.coalesce(Photo.thumb, thumb), Photo.card: func.coalesce(Photo.card, card)}
    session.execute(update(Photo).where(Photo.id == photo_id).values(missing))
