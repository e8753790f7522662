"""Cursors: how far each consumer has read the event log, so that reading stays cheap with a million events.

Every event up to the cursor is settled for good. Events after it are looked at one by one, because on PostgreSQL
an event with a smaller id may be committed later than one with a larger id.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel.claims import insert_if_absent
from booking.kernel.engine import WRITERS_LOCK
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import Base, UtcDateTime


class Cursor(Base):
    """The position of one consumer (a subscriber, the sealing): it has settled every event up to event_id."""

    __tablename__ = "booking_event_cursor"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the consumer last looked for events


def position_of(session: Session, consumer: str) -> int:
    """Return the id of the last event that a consumer has settled for good; 0 for a new consumer."""
    return session.scalar(select(Cursor.event_id).where(Cursor.consumer == consumer)) or 0


def claim(session: Session, consumer: str, *, now: datetime) -> Cursor | None:
    """Lock the cursor of a consumer until the end of the transaction; return None while another worker holds it.

    So one worker at a time serves a consumer, and it sees the events in order.
    """
    own = select(Cursor).where(Cursor.consumer == consumer).execution_options(populate_existing=True)
    cursor = session.scalar(own.with_for_update(skip_locked=True))
    if cursor is None and insert_if_absent(session, Cursor, consumer=consumer, event_id=0, checked_at=now):
        cursor = session.scalar(own)
    return cursor


def advance(session: Session, cursor: Cursor, first_open_id: int | None, *, now: datetime) -> None:
    """Move a claimed cursor to just before the first open event, or to the end of the log (None)."""
    cursor.checked_at = now
    newest = _newest_settled(session)
    if newest is None:
        return  # an event with a smaller id may still appear; the cursor advances the next time
    cursor.event_id = max(cursor.event_id, newest if first_open_id is None else first_open_id - 1)


def _newest_settled(session: Session) -> int | None:
    """Return the id of the last event of the log; None while a write is running that may still add a smaller one."""
    newest = select(func.max(RecordedEvent.id))
    if session.get_bind().dialect.name == "sqlite":
        return session.scalar(newest) or 0  # this transaction is the only writer
    # Rolling back to the savepoint releases the lock: writers would else wait for the commit of this transaction,
    # which may itself wait for a standby.
    session.flush()
    savepoint = session.connection().begin_nested()
    try:
        is_alone = session.scalar(select(func.pg_try_advisory_xact_lock(*WRITERS_LOCK)))
        return (session.scalar(newest) or 0) if is_alone else None
    finally:
        savepoint.rollback()
