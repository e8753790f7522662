"""The event log as rows: a page of the latest, or a period in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.wording.actors import actor_label
from booking.events.reservation_events import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.kernel.views import without_index

EVENTS_AT_ONCE = 500


MONEY_EVENTS = (
    "use_charged",
    "allocation_posted",
    "allocation_reversed",
    "advance_posted",
    "fee_posted",
    "equity_moved",
    "ledger_opened",
    "statement_sent",
    "postings_exported",
    "document_sent",
    "chart_changed",
    "period_changed",
    "period_closed",
    "period_length_changed",
)


# Tables of RecordChanged.
MONEY_TABLES = ("tariff", "pool", "pool_key", "meter", "cost", "recurring_cost", "share", "material")


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of the event log."""

    id: int
    at: datetime
    actor: str
    type: str
    facts: dict[str, Any]


def all_events(
    session: Session, since: datetime, until: datetime, *, only_money: bool = False
) -> Iterator[Sequence[EventRow]]:
    """Yield the events from one instant until before another, the oldest first, in batches."""
    between = select_events(only_money=only_money).where(RecordedEvent.at >= since, RecordedEvent.at < until)
    statement = between.order_by(RecordedEvent.id).limit(EVENTS_AT_ONCE)
    after_id = 0
    while batch := [event_row(row) for row in session.execute(statement.where(RecordedEvent.id > after_id))]:
        yield batch
        after_id = batch[-1].id


def count(session: Session, since: datetime, until: datetime) -> int:
    """Return how many events there are from one instant until before another."""
    within = (RecordedEvent.at >= since, RecordedEvent.at < until)
    return session.scalar(select(func.count()).select_from(RecordedEvent).where(*within)) or 0


def event_types(session: Session, *, only_money: bool = False) -> list[str]:
    """Return the types of the events that have happened, each found by one step in their index."""
    if only_money:
        return [kind for kind in sorted((*MONEY_EVENTS, RecordChanged.type)) if kind in _every_type(session)]
    return _every_type(session)


def _every_type(session: Session) -> list[str]:
    first = select(func.min(RecordedEvent.type).label("type")).cte(recursive=True)
    later = select(func.min(RecordedEvent.type)).where(RecordedEvent.type > first.c.type).scalar_subquery()
    found = first.union_all(select(later).where(first.c.type.is_not(None)))
    return list(session.scalars(select(found.c.type).where(found.c.type.is_not(None)).order_by(found.c.type)))


def select_events(*, only_money: bool) -> Select[Any]:
    log = RecordedEvent
    columns = (log.id, log.at, log.type, log.facts, log.actor_job, log.actor_user_id, User.name.label("actor_name"))
    statement = select(*columns).outerjoin(User, User.id == log.actor_user_id)
    return statement.where(without_index(is_about_money())) if only_money else statement


def is_about_money() -> ColumnElement[bool]:
    table = RecordedEvent.facts["table"].as_string()
    return or_(
        RecordedEvent.type.in_(MONEY_EVENTS),
        and_(RecordedEvent.type == RecordChanged.type, table.in_(MONEY_TABLES)),
    )


def event_row(row: Any) -> EventRow:
    actor = actor_label(row.actor_name, row.actor_job, row.actor_user_id)
    return EventRow(row.id, row.at, actor, row.type, dict(row.facts))
