"""What all verbs on master records share: checks of texts, the refusal, writing what changed, the note in the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.announcements import RecordChanged
from booking.errors import RecordRefused, Violation
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import Base


def check_filled(facts: object, fields: Iterable[str]) -> list[Violation]:
    """missing: the fields in which nothing is written."""
    return [Violation("missing", field) for field in fields if not getattr(facts, field).strip()]


def check_lengths(facts: object, lengths_max: Mapping[str, int]) -> list[Violation]:
    """at_most: the fields that are too long; limit and actual in letters."""
    lengths = {field: len(getattr(facts, field)) for field in lengths_max}
    return [
        Violation("at_most", field, limit=limit, actual=lengths[field])
        for field, limit in lengths_max.items()
        if lengths[field] > limit
    ]


def check_zone(name: str) -> list[Violation]:
    """unknown_zone (actual: the name): IANA knows no such time zone."""
    return [] if name in available_timezones() else [Violation("unknown_zone", "timezone", actual=name)]


def check_unused(
    session: Session, field: InstrumentedAttribute[str], wanted: str, record_id: int | None = None
) -> list[Violation]:
    """already_used (actual: what was wanted): another record has it. record_id: the one that may have it."""
    is_used = select(exists().where(field == wanted, field.class_.id != (record_id or 0)))
    return [Violation("already_used", field.key, actual=wanted)] if session.scalar(is_used) else []


def refuse(violations: list[Violation]) -> None:
    """Raises RecordRefused with all violations, if there are any."""
    if violations:
        raise RecordRefused(violations)


def changed_fields(record: Base, entered: Mapping[str, object]) -> list[str]:
    """The names of the fields in which a record differs from what was entered."""
    return [name for name, value in entered.items() if getattr(record, name) != value]


def write(record: Base, entered: Mapping[str, object]) -> list[str]:
    """Make a record what was entered. Returns the names of the fields that changed."""
    changed = changed_fields(record, entered)
    for name in changed:
        setattr(record, name, entered[name])
    return changed


def note(session: Session, table: str, record_id: int, what: str, by: Actor, now: datetime) -> None:
    """Tell the log that a record was entered or changed; table and what: see RecordChanged."""
    events.record(session, RecordChanged(table=table, record_id=record_id, what=what), by=by, at=now)
