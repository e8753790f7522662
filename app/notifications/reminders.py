"""Reminders by mail: the evening before a reservation, and when a use ends.

Each is sent once: a row of Reminder is its claim, in the transaction of its mails. One of the evening before carries a
link that cancels the reservation (cancel_links.py). What is cancelled or moved before its mail went out withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.leasing import withdraw_mails
from app.notifications import cancel_links, choices, recipients
from app.notifications.composing import Notification, queue_or_record
from app.notifications.kinds import REMINDERS
from app.notifications.models import Reminder
from app.notifications.recipients import Recipient
from booking import queries
from booking.kernel.claims import insert_if_absent
from booking.kernel.transaction import in_own_transactions
from booking.models import Status
from booking.queries import ReservationView
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

EVENING, END = "reminder", "use_ends"  # also the names of their templates
END_WITHIN = timedelta(hours=2)  # what ended longer ago is overdue and no news: a worker that was down, an update


def day_after(due_at: datetime, zone: ZoneInfo) -> TimeSpan:
    """Return the day after an evening, by the clock of the ring."""
    tomorrow = local_day(due_at, zone) + timedelta(days=1)
    return TimeSpan(instant_of(tomorrow, 0, zone), instant_of(tomorrow, MINUTES_OF_A_DAY, zone))


def remind_of_next_day(session: Session, due_at: datetime, zone: ZoneInfo, *, now: datetime) -> int:
    """Queue a mail for each confirmed time that begins on the day after an evening; return how many.

    Each in its own transaction, so that one that fails stops no other. What has begun by `now`, in a run that is made
    up late, gets none.
    """
    day = day_after(due_at, zone)
    found = queries.confirmed_starts(session, max(day.start, now), day.end)
    session.rollback()
    return in_own_transactions(session, (partial(_remind, session, one, now) for one in found))


def remind_of_ends(session: Session, *, now: datetime) -> int:
    """Queue a mail for each machine whose time just ended and that is still out; return how many."""
    found = queries.due_back(session, now - END_WITHIN, now)
    session.rollback()
    return in_own_transactions(session, (partial(_remind_of_end, session, one, now) for one in found))


def has_end_to_remind(session: Session, *, now: datetime) -> bool:
    """Return whether the time of a machine just ended that is still out, and nobody was reminded. Only reads."""
    found = queries.due_back(session, now - END_WITHIN, now)
    reminded = select(Reminder.reservation_id).where(
        Reminder.reservation_id.in_(found), Reminder.kind == END, Reminder.at > now - END_WITHIN
    )
    return bool(found) and not set(found) <= set(session.scalars(reminded))


def withdraw(session: Session, facts: Mapping[str, Any], start: str) -> None:
    """Delete the reminder of a time that no longer holds, if it was not sent yet. Call inside write_transaction().

    facts: of an event; start: the one that has the time.
    """
    starts_at = datetime.fromtimestamp(facts[start], UTC)
    people = recipients.of_member(session, facts["member_id"])
    withdraw_mails(session, [_key(EVENING, facts["reservation_id"], starts_at, to) for to in people])


def _remind(session: Session, reservation_id: int, now: datetime) -> int:
    wished = queries.reservation(session, reservation_id)
    if not wished.is_promised or wished.status not in (Status.CONFIRMED, Status.REQUESTED):
        return 0  # meanwhile cancelled
    view = wished.as_promised()
    if view.starts_at <= now or not _claim(session, view, EVENING, view.starts_at):
        return 0  # meanwhile moved or reminded of
    for to in _who_want(session, view):
        link = cancel_links.create(session, view.id, to, now=now)
        facts = {
            "reservation": view,
            "span": view.span,
            "wished_span": wished.span if wished.former else None,
            "give_back_url": link,
            "is_late": now > view.cancel_until,
        }
        notification = Notification(EVENING, facts, f"/reservations/{view.id}")
        key = _key(EVENING, view.id, view.starts_at, to)
        queue_or_record(session, notification, to, key=key, now=now, link_ends_at=view.starts_at)
    return 1


def _who_want(session: Session, view: ReservationView) -> Iterable[Recipient]:
    return [to for to in recipients.of_member(session, view.member_id) if choices.wants(session, to, REMINDERS)]


def _remind_of_end(session: Session, reservation_id: int, now: datetime) -> int:
    view = queries.reservation(session, reservation_id)
    if view.status != Status.IN_USE or view.ends_at > now or not _claim(session, view, END, view.ends_at):
        return 0
    notification = Notification(END, {"reservation": view, "span": view.span}, f"/reservations/{view.id}")
    for to in recipients.of_member(session, view.member_id):
        queue_or_record(session, notification, to, key=_key(END, view.id, view.ends_at, to), now=now)
    return 1


def _claim(session: Session, view: ReservationView, kind: str, at: datetime) -> bool:
    return insert_if_absent(session, Reminder, reservation_id=view.id, kind=kind, at=at)


def _key(template: str, reservation_id: int, at: datetime, to: Recipient) -> str:
    return f"reservation{reservation_id}-{int(at.timestamp())}:{template}:{to.key}"
