"""What all verbs on master records share: names used once, the refusal, writing what changed, the note in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.announcements import RecordChanged
from booking.errors import RecordRefused, Violation
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import Base


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
