"""Bookmarks: how far a reader of the event log has come, so that a log of a million events stays cheap to read.

Everything up to the bookmark is dealt with for good. What lies behind it is looked at one by one, because on
PostgreSQL an event with a smaller id may be committed later than one with a larger id.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel.claims import insert_first
from booking.kernel.engine import WRITERS_LOCK
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import Base, UtcDateTime


class Bookmark(Base):
    """A reader (a subscriber, the sealing) has dealt with every event up to event_id."""

    __tablename__ = "booking_event_bookmark"

    reader: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(default=0)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the reader last looked


def place_of(session: Session, reader: str) -> int:
    """The id of the last event that the reader has surely dealt with; 0 for a new reader."""
    return session.scalar(select(Bookmark.event_id).where(Bookmark.reader == reader)) or 0


def take(session: Session, reader: str, *, now: datetime) -> Bookmark | None:
    """The reader's bookmark, for the rest of the transaction; None while another worker holds it.

    So a reader is served by one worker at a time and sees the events in their order.
    """
    mine = select(Bookmark).where(Bookmark.reader == reader).execution_options(populate_existing=True)
    bookmark = session.scalar(mine.with_for_update(skip_locked=True))
    if bookmark is None and insert_first(session, Bookmark, reader=reader, event_id=0, moved_at=now):
        bookmark = session.scalar(mine)
    return bookmark


def move(session: Session, bookmark: Bookmark, first_open_id: int | None, *, now: datetime) -> None:
    """Put the bookmark before the first event that is still open (None: at the end of the log).

    Call last in the transaction: on PostgreSQL it keeps new writers waiting until the commit.
    """
    bookmark.moved_at = now
    if not _nothing_is_being_written(session):
        return  # an event with a small id may yet appear; the bookmark moves the next time
    newest = session.scalar(select(func.max(RecordedEvent.id))) or 0
    bookmark.event_id = max(bookmark.event_id, newest if first_open_id is None else first_open_id - 1)


def _nothing_is_being_written(session: Session) -> bool:
    if session.get_bind().dialect.name == "sqlite":
        return True  # this very transaction is the one writer
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(*WRITERS_LOCK))))
