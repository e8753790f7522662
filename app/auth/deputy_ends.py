"""What ends a deputy by itself, looked for every night: its days are over, or a membership has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from app.auth import deputies, deputy_mails, memberships
from app.auth.models import ManagedWorkshop, User
from booking.kernel.events import Actor

NIGHTS_MADE_UP = timedelta(days=8)  # of a worker that was down; what is over for longer is no news
BY = Actor(job="deputy_ends")

_deputy, _manager = aliased(User), aliased(User)


def end_and_report(session: Session, *, now: datetime) -> int:
    """End the deputies of memberships that have ended, and report the days that are over. Return how many there were.

    Deputy and manager get a mail about the first, the manager about the second, once. Call inside write_transaction().
    """
    return _end_of_leavers(session, now) + _report_over(session, now)


def _end_of_leavers(session: Session, now: datetime) -> int:
    today = memberships.ring_day(now)
    count = 0
    for left, told in (
        (_manager, (deputy_mails.MANAGER_LEFT, deputy_mails.OWN_ENDED_WITH_YOURS)),
        (_deputy, (deputy_mails.ENDED, deputy_mails.OWN_LEFT)),
    ):
        spans = _spans(session, now, memberships.has_left(left.member_id), ManagedWorkshop.valid_until >= today)
        deputies.end_spans(session, spans, told, by=BY, now=now)
        count += len(spans)
    return count


def _report_over(session: Session, now: datetime) -> int:
    today, other = memberships.ring_day(now), aliased(ManagedWorkshop)
    goes_on = exists().where(
        other.user_id == ManagedWorkshop.user_id,
        other.workshop_id == ManagedWorkshop.workshop_id,
        ~other.is_deputy | (other.valid_until >= today),
    )
    ended = ManagedWorkshop.valid_until.between(today - NIGHTS_MADE_UP, today), ~goes_on
    spans = [span for span in _spans(session, now, *ended) if deputies.is_over(session, span, now=now)]
    for span in spans:
        deputy_mails.queue(session, deputy_mails.OWN_OVER, span, now=now)
    return len(spans)


def _spans(session: Session, now: datetime, *wanted: ColumnElement[bool]) -> list[ManagedWorkshop]:
    """Return spans of deputies, both logins of which can log in or have left."""
    statement = (
        select(ManagedWorkshop)
        .join(_deputy, _deputy.id == ManagedWorkshop.user_id)
        .join(_manager, _manager.id == ManagedWorkshop.named_by)
        .where(ManagedWorkshop.is_deputy, _deputy.disabled_at.is_(None), _manager.disabled_at.is_(None), *wanted)
        .order_by(ManagedWorkshop.id)
    )
    return list(session.scalars(statement, {"today": memberships.ring_day(now)}))
