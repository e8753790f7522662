"""Subscribers of the events of series that queue mails: one mail for all dates, whose own events send none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import cancel_links, recipients
from app.notifications.composing import Notification
from app.notifications.notifying import is_by, members_of, notify, notify_members, only, others
from app.wording.series import series_sentence
from booking import queries
from booking.events import series_events
from booking.kernel.events import Handler, RecordedEvent
from booking.models import Status
from booking.queries import ReservationView
from booking.queries import series as series_queries

DATES_MAX = 20  # that a mail lists; the page to which it leads has all


def entered(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the dates are held or requested; ask the managers where they wait for a decision."""
    members = members_of(session, event)
    if not event.facts["needs_decision"]:
        notification = _notification(session, event, "series_entered", with_calendar=True)
        is_entered_by_staff = event.actor_user_id is not None and not is_by(members, event)
        facts = {**notification.facts, "is_entered_by_staff": is_entered_by_staff}
        notify_members(session, event, replace(notification, facts=facts), members, now)
        return
    notification = _notification(session, event, "series_requested")
    notify(session, event, notification, members, now)
    if any(one.status == Status.REQUESTED for one in _dates(notification)):
        _notify_managers(session, event, replace(notification, template="series_requested_manager"), now)


def cancelled(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers when the member cancelled, the member when somebody else did, or has a calendar file."""
    members = members_of(session, event)
    notification = _notification(session, event, "series_cancelled", with_calendar=True)
    notify_members(session, event, notification, others(members, event), now)
    if is_by(members, event) or event.actor_job == cancel_links.JOB:
        asked = replace(notification, template="series_cancelled_manager", with_calendar=False)
        _notify_managers(session, event, asked, now)


def changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify both sides of the new times, except who chose them; ask the managers where they need a decision."""
    members, waits = members_of(session, event), event.facts["needs_decision"]
    notification = _notification(session, event, "series_changed", with_calendar=True)
    if is_by(members, event) and waits:
        receipt = replace(notification, with_calendar=False)
        notify_members(session, event, receipt, only(members, event), now, besides=False)
    notify_members(session, event, notification, others(members, event), now)
    if is_by(members, event):
        if waits and all(one.status != Status.REQUESTED for one in _dates(notification)):
            return  # decided or withdrawn before this mail could be queued
        template = "series_change_requested_manager" if waits else "series_changed_manager"
        _notify_managers(session, event, replace(notification, template=template, with_calendar=False), now)


def decided(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of the decision about all dates that waited, with the calendar entries of what is held."""
    notification = _notification(session, event, "series_decided", with_calendar=event.facts["was_approved"])
    notify_members(session, event, notification, members_of(session, event), now)


HANDLERS: dict[str, Handler] = {
    series_events.SeriesEntered.type: entered,
    series_events.SeriesCancelled.type: cancelled,
    series_events.SeriesChanged.type: changed,
    series_events.SeriesDecided.type: decided,
}


def _notification(
    session: Session, event: RecordedEvent, template: str, *, with_calendar: bool = False
) -> Notification:
    facts = event.facts
    values = {
        "series": series_queries.series(session, facts["series_id"]),
        "series_sentence": series_sentence,
        "DATES_MAX": DATES_MAX,
        "changed": queries.reservations_by_id(session, facts["reservation_ids"]),
        "event": facts,
    }
    return Notification(template, values, f"/series/{facts['series_id']}", with_calendar)


def _dates(notification: Notification) -> Sequence[ReservationView]:
    return notification.entries


def _notify_managers(session: Session, event: RecordedEvent, notification: Notification, now: datetime) -> None:
    """Notify the managers of the series, and those of each date that was moved to a machine of another workshop.

    These hear of their dates alone, and may not see the page of the series.
    """
    own, dates = notification.facts["series"].workshop_id, _dates(notification)
    told: set[str] = set()
    for workshop_id in (own, *sorted({one.workshop_id for one in dates} - {own})):
        there = [one for one in dates if workshop_id in (own, one.workshop_id)]
        path = notification.path if workshop_id == own else f"/reservations/{there[0].id}"
        part = replace(notification, facts={**notification.facts, "changed": there}, path=path)
        managers = others(recipients.managers_of(session, workshop_id, now=now), event)
        notify(session, event, part, [one for one in managers if one.key not in told], now)
        told |= {one.key for one in managers}
