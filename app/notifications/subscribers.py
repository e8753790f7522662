"""Subscribers of the schedule's events that queue mails; registered in app/subscriptions.py.

Who caused an event gets no mail about it, except that a request was entered or confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.notifications import (
    cancel_links,
    course_subscribers,
    exchange_subscribers,
    maintenance_subscribers,
    money_subscribers,
    offer_subscribers,
    recipients,
    reminders,
    replan_subscribers,
    series_subscribers,
)
from app.notifications.composing import Notification
from app.notifications.induction_changes import record_changed
from app.notifications.notifying import is_by, members_of, notify, notify_members, only, others
from app.wording.rules import violation_sentence
from booking import queries
from booking.events import closure_events, reservation_events, zone_events
from booking.kernel.events import Handler, RecordedEvent, Subscription
from booking.models import Status
from booking.queries import OutsideView
from booking.timespan import TimeSpan

STALE_AFTER = timedelta(days=3)


def requested(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the request is entered, the managers that it waits for them."""
    if is_of_series(event):
        return
    notification = _reservation_notification(session, event, "requested")
    if not event.facts.get("exchange_id"):  # of an exchange, both are told by its own mail
        notify(session, event, notification, members_of(session, event), now)
    _ask_managers(session, event, notification, now)


def confirmed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the machine is held, with the calendar entry."""
    if is_of_series(event) or event.facts.get("exchange_id"):  # of an exchange, both are told by its own mail
        return
    members = members_of(session, event)
    notification = _reservation_notification(session, event, "confirmed", with_calendar=True)
    is_entered_by_staff = event.actor_user_id is not None and not is_by(members, event)
    facts = {**notification.facts, "is_entered_by_staff": is_entered_by_staff}
    notify_members(session, event, replace(notification, facts=facts), members, now)


def rejected(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that a manager declined, and why."""
    if is_of_series(event):
        return
    notification = _reservation_notification(session, event, "declined")
    notify_members(session, event, notification, members_of(session, event), now)


def moved(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify both sides of the new time, except who chose it; ask a manager where it needs a decision.

    Who chose it gets the next calendar file, if there was one.
    """
    if not event.facts["needs_decision"]:  # else the former time still holds
        reminders.withdraw(session, event.facts, "old_starts_at")
    if event.facts.get("blocking_id") or is_of_series(event):
        return  # told by `replanned`, or with the series, together with the member's other reservations
    members, facts = members_of(session, event), event.facts
    notification = _reservation_notification(session, event, "moved", with_calendar=True)
    if is_by(members, event) and facts["needs_decision"]:
        asked = replace(notification, template="requested", with_calendar=False)
        notify_members(session, event, asked, only(members, event), now, besides=False)
    notify_members(session, event, notification, others(members, event), now)
    if not is_by(members, event):
        return
    if facts["needs_decision"]:
        _ask_managers(session, event, notification, now)
    else:
        _notify_managers(session, event, replace(notification, template="moved_manager", with_calendar=False), now)


def cancelled(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers when the member cancelled, the member when somebody else did, or has a calendar file."""
    reminders.withdraw(session, event.facts, "starts_at")
    if event.facts.get("blocking_id") or is_of_series(event):
        return
    members = members_of(session, event)
    notification = _reservation_notification(session, event, "cancelled", with_calendar=True)
    notify_members(session, event, notification, others(members, event), now)
    if is_by(members, event) or event.actor_job == cancel_links.JOB:
        _notify_managers(session, event, replace(notification, template="cancelled_manager", with_calendar=False), now)


def expired(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that nobody decided in time."""
    notification = _reservation_notification(session, event, "expired")
    notify_members(session, event, notification, members_of(session, event), now)


def not_used(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the reservation ended as a no-show."""
    notification = _reservation_notification(session, event, "no_show")
    notify_members(session, event, notification, members_of(session, event), now)


def no_show_taken_back(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the no-show was taken back."""
    notification = _reservation_notification(session, event, "no_show_taken_back")
    notify_members(session, event, notification, members_of(session, event), now)


def decision_taken_back(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the request waits again, the managers that it waits for them."""
    reminders.withdraw(session, event.facts, "starts_at")
    notification = _reservation_notification(session, event, "decision_taken_back")
    notify_members(session, event, notification, members_of(session, event), now)
    _ask_managers(session, event, notification, now)


def handed_back(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the usage slip is ready, and until when to object; a calendar file shows the real time."""
    notification = _slip_notification(session, event, "handed_back")
    notify_members(session, event, notification, members_of(session, event), now)


def objected(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers of an objection."""
    _notify_managers(session, event, _slip_notification(session, event, "objected"), now)


def damage_reported(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers of the machine."""
    damage = queries.damage_report(session, event.facts["damage_id"])
    notification = Notification("damage_reported", {"damage": damage}, f"/usage/damage/{damage.id}")
    _notify_managers(session, event, notification, now)


def outside_rules(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify a member of the reservations that lie outside new opening hours or rules, in one mail."""
    found = queries.with_violations(session, event.facts["reservation_ids"])
    listed = [one for one in found if one.violations and one.reservation.is_holding and one.reservation.ends_at > now]
    if listed:
        notification = Notification(
            "outside_rules", {"listed": listed, "violations_text": _violations_text}, "/reservations"
        )
        notify(session, event, notification, members_of(session, event), now)


def zone_changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers of a workshop whose clock shows other times than when reservations were made."""
    workshop = queries.workshop(session, event.facts["workshop_id"])
    path = f"/workshop/clock/{event.facts['zone_change_id']}"
    notification = Notification("zone_changed", {"workshop": workshop}, path)
    managers = recipients.managers_of(session, workshop.id, now=now)
    notify(session, event, notification, others(managers, event), now)


def answered(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of the answer to the objection."""
    members = members_of(session, event)
    notify(session, event, _slip_notification(session, event, "answered"), others(members, event), now)


def is_of_series(event: RecordedEvent) -> bool:
    """Return whether it happened together with a series, of which one mail tells (series_subscribers.py)."""
    return event.facts.get("series_id") is not None


def unless_stale(handler: Handler) -> Handler:
    """Skip old events: a ring that imports its past, or was down for days, mails nobody about it."""

    def handle(session: Session, event: RecordedEvent, now: datetime) -> None:
        if now - event.at <= STALE_AFTER:
            handler(session, event, now)

    return handle


HANDLERS: dict[str, Handler] = {
    reservation_events.ReservationRequested.type: requested,
    reservation_events.ReservationConfirmed.type: confirmed,
    reservation_events.ReservationRejected.type: rejected,
    reservation_events.ReservationMoved.type: moved,
    reservation_events.ReservationCancelled.type: cancelled,
    reservation_events.RecordChanged.type: record_changed,
    reservation_events.ReservationExpired.type: expired,
    reservation_events.ReservationNoShow.type: not_used,
    reservation_events.ReservationNoShowTakenBack.type: no_show_taken_back,
    reservation_events.DecisionTakenBack.type: decision_taken_back,
    reservation_events.MachineHandedBack.type: handed_back,
    reservation_events.SlipObjected.type: objected,
    closure_events.DamageReported.type: damage_reported,
    closure_events.MemberOutsideRules.type: outside_rules,
    zone_events.ZoneChanged.type: zone_changed,
    reservation_events.SlipAnswered.type: answered,
    **series_subscribers.HANDLERS,
    **replan_subscribers.HANDLERS,
    **offer_subscribers.HANDLERS,
    **exchange_subscribers.HANDLERS,
    **course_subscribers.HANDLERS,
    **maintenance_subscribers.HANDLERS,
    **money_subscribers.HANDLERS,
}

SUBSCRIPTIONS = (
    Subscription("notifications", {event_type: unless_stale(handler) for event_type, handler in HANDLERS.items()}),
)


def _reservation_notification(
    session: Session, event: RecordedEvent, template: str, *, with_calendar: bool = False
) -> Notification:
    facts = event.facts
    reservation = queries.reservation(session, facts["reservation_id"])
    # The times of the event, not of the reservation: it may have been moved again in the meantime.
    values = {
        "reservation": reservation,
        "span": _span(facts, "starts_at", "ends_at"),
        "event": facts,
        "event_at": event.at,
    }
    if facts.get("old_starts_at") is not None:
        values["old_span"] = _span(facts, "old_starts_at", "old_ends_at")
    if (old_machine_id := facts.get("old_machine_id")) is not None:
        values["old_machine"] = queries.machine_card(session, old_machine_id).name
    return Notification(template, values, f"/reservations/{reservation.id}", with_calendar)


def _slip_notification(session: Session, event: RecordedEvent, template: str) -> Notification:
    slip = queries.slip(session, event.facts["usage_id"])
    reservation_id = event.facts["reservation_id"]
    changed = [] if reservation_id is None else [queries.reservation(session, reservation_id)]
    values = {"slip": slip, "event": event.facts, "changed": changed}
    return Notification(template, values, f"/usage/{slip.id}")


def _span(facts: dict[str, int], start: str, end: str) -> TimeSpan:
    return _span_of((facts[start], facts[end]))


def _span_of(timestamps: Sequence[int]) -> TimeSpan:
    start, end = timestamps
    return TimeSpan(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def _violations_text(one: OutsideView) -> str:
    """Return why a reservation lies outside the rules, in the language of the mail that is being written."""
    return " ".join(violation_sentence(violation, one.reservation.zone) for violation in one.violations)


def _ask_managers(session: Session, event: RecordedEvent, notification: Notification, now: datetime) -> None:
    if notification.facts["reservation"].status != Status.REQUESTED:
        return  # it was decided or withdrawn before this mail could be queued
    asking = replace(notification, template="requested_manager", path="/approvals", with_calendar=False)
    _notify_managers(session, event, asking, now)


def _notify_managers(session: Session, event: RecordedEvent, notification: Notification, now: datetime) -> None:
    facts = notification.facts
    thing = facts.get("reservation") or facts.get("slip") or facts["damage"]
    managers = recipients.managers_of(session, thing.workshop_id, now=now)
    notify(session, event, notification, others(managers, event), now)
