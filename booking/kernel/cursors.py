"""Cursors: how far each consumer has read the event log, so that reading stays cheap with a million events.

Every event up to the cursor is settled for good. Events after it are looked at one by one, because on PostgreSQL
an event with a smaller id may be committed later than one with a larger id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select, text
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
    # PostgreSQL: the newest event at an earlier look, and the transactions that might then still add a smaller id.
    seen_id: Mapped[int] = mapped_column(default=0)
    seen_writers: Mapped[str] = mapped_column(default="")


# The newest event first (the snapshot), then who writes: whoever ended between is seen by the next statement. Every
# writer holds the lock before it takes an id, and until others see what it committed.
_NEWEST_AND_WRITERS = text(
    """
    SELECT (SELECT coalesce(max(id), 0) FROM booking_event), ARRAY(
        SELECT virtualtransaction FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND classid = :namespace AND objid = :number AND objsubid = 2
          AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
          AND pid IS DISTINCT FROM pg_backend_pid()
    )
    """
).bindparams(namespace=WRITERS_LOCK[0], number=WRITERS_LOCK[1])


def position_of(session: Session, consumer: str) -> int:
    """Return the id of the last event that a consumer has settled for good; 0 for a new consumer."""
    return session.scalar(select(Cursor.event_id).where(Cursor.consumer == consumer)) or 0


def positions_of(session: Session, consumers: Sequence[str]) -> dict[str, int]:
    """Return the positions of consumers, without those that are new."""
    found = session.execute(select(Cursor.consumer, Cursor.event_id).where(Cursor.consumer.in_(consumers)))
    return {row.consumer: row.event_id for row in found}


def claim(session: Session, consumer: str, *, now: datetime) -> Cursor | None:
    """Lock the cursor of a consumer until the end of the transaction; return None while another worker holds it.

    So one worker at a time serves a consumer, and it sees the events in order.
    """
    own = select(Cursor).where(Cursor.consumer == consumer).execution_options(populate_existing=True)
    cursor = session.scalar(own.with_for_update(skip_locked=True))
    if cursor is None and insert_if_absent(session, Cursor, consumer=consumer, event_id=0, checked_at=now):
        cursor = session.scalar(own)
    return cursor


def advance(session: Session, cursor: Cursor, first_open: Callable[[], int | None], *, now: datetime) -> None:
    """Move a claimed cursor to just before the first open event, or to the end of what is settled where none is.

    first_open: reads the id of that event. It is asked last: an event committed meanwhile would else be passed over.
    """
    cursor.checked_at = now
    settled = _settled(session, cursor)
    if settled > cursor.event_id:
        first_open_id = first_open()
        if first_open_id is not None:
            settled = min(settled, first_open_id - 1)
        cursor.event_id = max(cursor.event_id, settled)


def _settled(session: Session, cursor: Cursor) -> int:
    """Return an id up to which no event can be added any more.

    Beside many writers one always runs. So the newest event is noted with those who run, and is settled once all of
    them have ended, whoever has begun since.
    """
    if session.get_bind().dialect.name == "sqlite":  # this transaction is the only writer
        return session.scalar(select(func.max(RecordedEvent.id))) or 0
    newest, writers = session.execute(_NEWEST_AND_WRITERS).one()
    if not set(writers).isdisjoint(cursor.seen_writers.split()):
        return 0
    settled: int = cursor.seen_id if writers else newest
    cursor.seen_id, cursor.seen_writers = newest, " ".join(writers)
    return settled
