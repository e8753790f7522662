"""Whom the mail of an event goes to: its member, with or without who caused it, and who has an older calendar file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.notifications import attached_entries, recipients
from app.notifications.composing import Notification, queue_notification
from app.notifications.recipients import Recipient
from booking.kernel.events import RecordedEvent

LATE = timedelta(minutes=15)  # after an event: whose answer is limited in time gets the whole time from then


def members_of(session: Session, event: RecordedEvent) -> list[Recipient]:
    """Return the people of the member that an event names."""
    return recipients.of_member(session, event.facts["member_id"])


def notify(
    session: Session, event: RecordedEvent, notification: Notification, to: Iterable[Recipient], now: datetime
) -> None:
    """Queue the mail of an event for people."""
    for recipient in to:
        queue_notification(session, notification, recipient, event_id=event.id, now=now)


def notify_members(
    session: Session,
    event: RecordedEvent,
    notification: Notification,
    to: Sequence[Recipient],
    now: datetime,
    *,
    besides: bool = True,
) -> None:
    """Notify people of a member; who has an older calendar file of what changed gets the next one.

    besides: so do those who have a file and are not among the people.
    """
    holders = attached_entries.outdated(session, notification.entries) if notification.entries else []
    with_file = replace(notification, with_calendar=True)
    notify(session, event, with_file, [one for one in to if one in holders], now)
    notify(session, event, notification, [one for one in to if one not in holders], now)
    if besides:
        notify(session, event, with_file, [one for one in holders if one not in to], now)


def others(people: Iterable[Recipient], event: RecordedEvent) -> list[Recipient]:
    """Return the people without the one who caused an event."""
    return [person for person in people if event.actor_user_id is None or person.user_id != event.actor_user_id]


def only(people: Iterable[Recipient], event: RecordedEvent) -> list[Recipient]:
    """Return of the people the one who caused an event."""
    return [person for person in people if _is_actor(person, event)]


def is_by(people: Iterable[Recipient], event: RecordedEvent) -> bool:
    """Return whether one of the people caused an event."""
    return any(_is_actor(person, event) for person in people)


def _is_actor(person: Recipient, event: RecordedEvent) -> bool:
    return person.user_id is not None and person.user_id == event.actor_user_id
