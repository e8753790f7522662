"""What mail does when the schedule announces something: it writes letters. Joined in app/subscriptions.py.

Nobody is told what they did themselves, except that a request of theirs has been entered or confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import News, send_news
from app.notifications.recipients import Recipient
from booking import announcements as told
from booking import queries
from booking.kernel.events import Handler, RecordedEvent, Subscription
from booking.models import Status
from booking.timespan import TimeSpan

STALE_AFTER = timedelta(days=3)


def requested(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns that the request is entered, the managers that it waits for them."""
    news = _reservation_news(session, event, "requested")
    _tell(session, event, news, _members(session, event), now)
    _ask_managers(session, event, news, now)


def confirmed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns that the machine is held, with the entry for the calendar."""
    news = _reservation_news(session, event, "confirmed", with_calendar=True)
    _tell(session, event, news, _members(session, event), now)


def rejected(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns that a manager declined, and why."""
    _tell(session, event, _reservation_news(session, event, "declined"), _members(session, event), now)


def moved(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Both sides learn of the new time, but for who chose it; a manager is asked where it needs a decision."""
    members, facts = _members(session, event), event.facts
    news = _reservation_news(session, event, "moved", with_calendar=True)
    _tell(session, event, news, _others(members, event), now)
    if not _is_by(members, event):
        return
    if facts["needs_decision"]:
        _tell(session, event, replace(news, template="requested", with_calendar=False), _only(members, event), now)
        _ask_managers(session, event, news, now)
    else:
        _tell_managers(session, event, replace(news, template="moved_manager", with_calendar=False), now)


def cancelled(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The managers learn of it when the member cancelled, the member when somebody else did."""
    members = _members(session, event)
    news = _reservation_news(session, event, "cancelled", with_calendar=True)
    _tell(session, event, news, _others(members, event), now)
    if _is_by(members, event):
        _tell_managers(session, event, replace(news, template="cancelled_manager", with_calendar=False), now)


def expired(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns that nobody decided in time."""
    _tell(session, event, _reservation_news(session, event, "expired"), _members(session, event), now)


def not_used(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns that the reservation ended as a no-show."""
    _tell(session, event, _reservation_news(session, event, "no_show"), _members(session, event), now)


def handed_back(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns that the usage slip is ready, and until when to object."""
    _tell(session, event, _slip_news(session, event, "handed_back"), _members(session, event), now)


def objected(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The managers learn of an objection."""
    _tell_managers(session, event, _slip_news(session, event, "objected"), now)


def answered(session: Session, event: RecordedEvent, now: datetime) -> None:
    """The member learns what became of the objection."""
    members = _members(session, event)
    _tell(session, event, _slip_news(session, event, "answered"), _others(members, event), now)


def unless_stale(handler: Handler) -> Handler:
    """Older news is no news: a ring filled with its past, or back after a while, writes to nobody about it."""

    def handle(session: Session, event: RecordedEvent, now: datetime) -> None:
        if now - event.at <= STALE_AFTER:
            handler(session, event, now)

    return handle


HANDLERS: dict[str, Handler] = {
    told.ReservationRequested.type: requested,
    told.ReservationConfirmed.type: confirmed,
    told.ReservationRejected.type: rejected,
    told.ReservationMoved.type: moved,
    told.ReservationCancelled.type: cancelled,
    told.ReservationExpired.type: expired,
    told.ReservationNotUsed.type: not_used,
    told.MachineHandedBack.type: handed_back,
    told.SlipObjected.type: objected,
    told.SlipAnswered.type: answered,
}

SUBSCRIPTIONS = (
    Subscription("mail.letters", {event_type: unless_stale(handler) for event_type, handler in HANDLERS.items()}),
)


def _reservation_news(session: Session, event: RecordedEvent, template: str, *, with_calendar: bool = False) -> News:
    facts = event.facts
    reservation = queries.reservation(session, facts["reservation_id"])
    # The times of the event, not of the reservation: it may have been moved again in the meantime.
    values = {
        "reservation": reservation,
        "span": _span(facts, "starts_at", "ends_at"),
        "event": facts,
        "event_at": event.at,
    }
    if "old_starts_at" in facts:
        values["old_span"] = _span(facts, "old_starts_at", "old_ends_at")
    return News(template, values, f"/reservations/{reservation.id}", with_calendar)


def _slip_news(session: Session, event: RecordedEvent, template: str) -> News:
    slip = queries.slip(session, event.facts["usage_id"])
    return News(template, {"slip": slip, "event": event.facts}, f"/usage/{slip.id}")


def _span(facts: dict[str, int], start: str, end: str) -> TimeSpan:
    return TimeSpan(datetime.fromtimestamp(facts[start], UTC), datetime.fromtimestamp(facts[end], UTC))


def _members(session: Session, event: RecordedEvent) -> list[Recipient]:
    return recipients.of_member(session, event.facts["member_id"])


def _ask_managers(session: Session, event: RecordedEvent, news: News, now: datetime) -> None:
    if news.facts["reservation"].status != Status.REQUESTED:
        return  # it was decided or withdrawn before this letter could be written
    asking = replace(news, template="requested_manager", path="/approvals", with_calendar=False)
    _tell_managers(session, event, asking, now)


def _tell_managers(session: Session, event: RecordedEvent, news: News, now: datetime) -> None:
    thing = news.facts.get("reservation") or news.facts["slip"]
    managers = recipients.managers_of(session, thing.workshop_id, now=now)
    _tell(session, event, news, _others(managers, event), now)


def _tell(session: Session, event: RecordedEvent, news: News, to: Iterable[Recipient], now: datetime) -> None:
    for recipient in to:
        send_news(session, news, recipient, event_id=event.id, now=now)


def _others(people: Iterable[Recipient], event: RecordedEvent) -> list[Recipient]:
    return [person for person in people if event.actor_user_id is None or person.user_id != event.actor_user_id]


def _only(people: Iterable[Recipient], event: RecordedEvent) -> list[Recipient]:
    return [person for person in people if _is_actor(person, event)]


def _is_by(people: Iterable[Recipient], event: RecordedEvent) -> bool:
    return any(_is_actor(person, event) for person in people)


def _is_actor(person: Recipient, event: RecordedEvent) -> bool:
    return person.user_id is not None and person.user_id == event.actor_user_id
