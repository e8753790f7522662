"""Subscribers of the events of offers that queue mails: an offer with its link, and the end of one nobody answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import offer_links
from app.notifications.composing import Notification, queue_keyed
from app.notifications.notifying import members_of, notify, others
from booking import offer_events
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import offers as offer_queries
from booking.queries.offers import OfferView


def made(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member, each person with a link of their own; not of an offer that is accepted without asking."""
    view = offer_queries.offer(session, event.facts["offer_id"])
    if event.facts["is_automatic"] or not view.is_open(now):
        return
    for to in members_of(session, event):
        link = offer_links.create(session, view.id, to, now=now)
        notification = Notification("offer_made", {"offer": view, "answer_url": link}, _path(view))
        key = f"event{event.id}:offer_made:{to.key}"
        queue_keyed(session, notification, to, key=key, now=now, link_ends_at=view.lapses_at)


def ended(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the offer has lapsed, or was withdrawn by somebody else."""
    view = offer_queries.offer(session, event.facts["offer_id"])
    people = others(members_of(session, event), event)
    if len(people) < len(members_of(session, event)):
        return  # one of them left the waiting list
    notify(session, event, Notification("offer_ended", {"offer": view}, "/waiting-list"), people, now)


HANDLERS: dict[str, Handler] = {
    offer_events.OfferMade.type: made,
    offer_events.OfferLapsed.type: ended,
    offer_events.OfferWithdrawn.type: ended,
}


def _path(view: OfferView) -> str:
    return f"/offers/{view.id}"
