"""Subscribers that queue mails about the waiting list: what others changed of it, an offer with its link, its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.leasing import withdraw_mails
from app.mail.models import Mail
from app.notifications import offer_links
from app.notifications.composing import Notification, queue_keyed
from app.notifications.notifying import LATE, is_by, members_of, notify
from app.notifications.recipients import Recipient
from app.wording.waiting import position_text, waiting_sentence
from booking.events import offer_events
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import offers as offer_queries
from booking.queries import waiting as waiting_queries
from booking.queries.offers import OfferView
from booking.waiting import answers
from booking.waiting import events as waiting_events


def made(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member, each person with a link of their own; not of an offer that is accepted without asking."""
    if event.facts["is_automatic"]:
        return
    if now - event.at > LATE:  # no worker ran: who hears of it late gets the whole time to answer
        answers.renew(session, event.facts["offer_id"], now=now)
    view = offer_queries.offer(session, event.facts["offer_id"])
    if not view.is_open(now):
        return
    for to in members_of(session, event):
        link = offer_links.create(session, view.id, to, now=now)
        notification = Notification("offer_made", {"offer": view, "answer_url": link}, _path(view))
        key = _key_of_made(view.id, to)
        queue_keyed(session, notification, to, key=key, now=now, link_ends_at=view.lapses_at)


def answered(session: Session, event: RecordedEvent, _now: datetime) -> None:
    """Withdraw the mail of an offer that was answered before the mail was sent."""
    withdraw_mails(session, [_key_of_made(event.facts["offer_id"], to) for to in members_of(session, event)])


def declined(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that somebody of the workshop declined the offer."""
    answered(session, event, now)
    people = members_of(session, event)
    if event.actor_user_id is not None and not is_by(people, event):
        view = offer_queries.offer(session, event.facts["offer_id"])
        notify(session, event, Notification("offer_ended", {"offer": view}, "/waiting-list"), people, now)


def ended(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that the offer has lapsed, or was withdrawn by somebody else.

    Not where another mail says so: `changed`. Nor of one that was to be accepted without asking, and is withdrawn.
    """
    view = offer_queries.offer(session, event.facts["offer_id"])
    people = members_of(session, event)
    keys = {_key_of_made(view.id, to): to for to in people}
    mailed = set(session.scalars(select(Mail.key).where(Mail.key.in_(keys))))
    answered(session, event, now)
    if event.type == offer_events.OfferLapsed.type and not view.is_automatic:
        people = [to for key, to in keys.items() if key in mailed]  # who never heard of it did not fail to answer
    if event.type == offer_events.OfferWithdrawn.type:
        entry = waiting_queries.waiting_entry(session, view.entry_id, now=now)
        if view.is_automatic or entry.left_at is not None or is_by(people, event):
            return
    notify(session, event, Notification("offer_ended", {"offer": view}, "/waiting-list"), people, now)


def changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of an entry that somebody of the workshop put on the waiting list, or took off it."""
    people = members_of(session, event)
    if event.actor_user_id is None or is_by(people, event):
        return
    entry = waiting_queries.waiting_entry(session, event.facts["entry_id"], now=now)
    is_joined = event.type == waiting_events.WaitingListJoined.type
    facts = {"entry": entry, "is_joined": is_joined, "wish_text": waiting_sentence, "position_text": position_text}
    notify(session, event, Notification("waiting_list", facts, "/waiting-list"), people, now)


HANDLERS: dict[str, Handler] = {
    waiting_events.WaitingListJoined.type: changed,
    waiting_events.WaitingListLeft.type: changed,
    offer_events.OfferMade.type: made,
    offer_events.OfferAccepted.type: answered,
    offer_events.OfferDeclined.type: declined,
    offer_events.OfferLapsed.type: ended,
    offer_events.OfferWithdrawn.type: ended,
}


def _key_of_made(offer_id: int, to: Recipient) -> str:
    return f"offer{offer_id}:offer_made:{to.key}"


def _path(view: OfferView) -> str:
    return f"/offers/{view.id}"
