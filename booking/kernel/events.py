"""The event log: what happened, when, by whom. It is the outbox and the audit trail in one table.

A use case records its events in its own transaction. The worker delivers each event to each subscriber
(deliveries.py) and seals the log (sealing.py). The database refuses UPDATE and DELETE of events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Index, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel.orm import Base, UtcDateTime, table_of
from booking.kernel.prepared import PreparedStatement


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a login, or a job of the worker. Exactly one of the two."""

    user_id: int | None = None
    job: str | None = None

    def __post_init__(self) -> None:
        if (self.user_id is None) == (self.job is None):
            raise ValueError("an actor is either a login or a job")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Subclasses are frozen, keyword-only dataclasses of ids, integers and short codes.

    One has a text of a person: the reason for which rules were overruled.
    `type` is the name under which the event is stored and subscribed to. It never changes.
    """

    type: ClassVar[str]


class RecordedEvent(Base):
    """One row of the event log. Append-only: see the migration append_only_event_log."""

    __tablename__ = "booking_event"
    __table_args__ = (
        CheckConstraint("(actor_user_id IS NULL) <> (actor_job IS NULL)", name="one_actor"),
        Index(None, "type", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_user_id: Mapped[int | None]
    actor_job: Mapped[str | None]
    type: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)


_RECORD = insert(table_of(RecordedEvent))
_RECORD_ONE, _RECORD_MANY = PreparedStatement(_RECORD), PreparedStatement(_RECORD.inline())

Handler = Callable[[Session, RecordedEvent, datetime], None]
ManyHandler = Callable[[Session, Sequence[RecordedEvent], datetime], None]


@dataclass(frozen=True)
class Subscription:
    """The name of a subscriber (never changed, it keys the deliveries) and its handlers by event type.

    many: handles several events of any of these types as their handlers would one after another, but faster. Where it
    fails on some, nothing of it stays, and they are handled one by one.
    """

    subscriber: str
    handlers: Mapping[str, Handler]
    many: ManyHandler | None = None


def record(session: Session, event: Event, *, by: Actor, at: datetime) -> None:
    """Append an event to the log, in the transaction of the use case."""
    _RECORD_ONE.run(session.connection(), _row(event, by, at))


def record_all(session: Session, events: Sequence[Event], *, by: Actor, at: datetime) -> None:
    """Append one or more events together, in their order."""
    _RECORD_MANY.run_many(session.connection(), [_row(event, by, at) for event in events])


_NAMES: dict[type[Event], tuple[str, ...]] = {}  # of the facts of each type


def _names_of(event_type: type[Event]) -> tuple[str, ...]:
    if event_type not in _NAMES:
        _NAMES[event_type] = tuple(field.name for field in fields(event_type))
    return _NAMES[event_type]


def _row(event: Event, by: Actor, at: datetime) -> dict[str, Any]:
    facts = {name: getattr(event, name) for name in _names_of(type(event))}
    return {"at": at, "actor_user_id": by.user_id, "actor_job": by.job, "type": event.type, "facts": facts}
