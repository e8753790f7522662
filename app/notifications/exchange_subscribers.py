"""Subscribers that queue mails about exchanges between members: the offer, its answer or end, and the change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.mail.leasing import withdraw_mails
from app.notifications import exchange_links, recipients, reminders
from app.notifications.composing import Notification, queue_keyed
from app.notifications.notifying import LATE, is_by, notify, notify_members, others
from app.notifications.recipients import Recipient
from booking import queries
from booking.events import exchange_events
from booking.exchanges import ending
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import exchanges as exchange_queries
from booking.queries.exchanges import ExchangeView


def proposed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the other member what is offered, and until when to answer: each person with a link of their own."""
    if now - event.at > LATE:  # no worker ran: who hears of it late gets the whole time to answer
        ending.renew(session, event.facts["exchange_id"], heard_at=now)
    view = _view(session, event)
    if not view.is_open(now) or view.agreed_at is not None:
        return
    for to in recipients.of_member(session, view.receiver_id):
        link = exchange_links.create(session, view.id, to, now=now)
        mail, key = _about(view, "exchange_proposed", answer_url=link), _key_of_proposed(view, to)
        queue_keyed(session, mail, to, key=key, now=now, link_ends_at=view.lapses_at)


def agreed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify who decides about a swap, and who proposed it that the other member has agreed."""
    view = _view(session, event)
    _withdraw_proposal(session, view)
    if not view.is_agreed(now):
        return
    proposers = recipients.of_member(session, view.proposer_id)
    notify(session, event, _about(view, "exchange_agreed"), others(proposers, event), now)
    notify(session, event, _about(view, "exchange_to_decide"), others(_deciders(session, view, now), event), now)


def _deciders(session: Session, view: ExchangeView, now: datetime) -> list[Recipient]:
    """Return who may decide about a swap: who manages all workshops that decide; the administrators without anybody."""
    of_each = [recipients.managers_of(session, one, now=now) for one in sorted(view.deciding_workshops)]
    may = [one for one in of_each[0] if all(one in managers for managers in of_each)] if of_each else []
    return may or recipients.administrators(session, now=now)


def accepted(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify both members what they have and what they gave, with the calendar entries; and the managers."""
    view = _view(session, event)
    _withdraw_proposal(session, view)
    for member_id, gave, got in (
        (view.proposer_id, view.given, view.made_for_proposer_id),
        (view.receiver_id, view.wanted, view.made_for_receiver_id),
    ):
        ids = [None if gave is None else gave.reservation_id, got]
        changed = [queries.reservation(session, one) for one in ids if one is not None]
        mail = _about(view, "exchange_accepted", changed=changed, is_proposer=member_id == view.proposer_id)
        mail = Notification(mail.template, mail.facts, _page_of(got or changed[0].id), with_calendar=got is not None)
        notify_members(session, event, mail, recipients.of_member(session, member_id), now)
    managers = {
        one.key: one for time in view.times for one in recipients.managers_of(session, time.workshop_id, now=now)
    }
    notify(session, event, _about(view, "exchange_manager"), others(managers.values(), event), now)


def ended(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify who proposed it that it was declined, has lapsed or was overtaken.

    The other member too of what was taken back or overtaken, unless nobody has got the offer; and of everything after
    having agreed.
    """
    view = _view(session, event)
    was_unread = _withdraw_proposal(session, view)
    proposers = recipients.of_member(session, view.proposer_id)
    if not is_by(proposers, event):
        notify(session, event, _about(view, "exchange_ended", is_proposer=True), proposers, now)
    receivers = recipients.of_member(session, view.receiver_id)
    is_ended_by_others = event.type in (exchange_events.ExchangeWithdrawn.type, exchange_events.ExchangeOutdated.type)
    if view.agreed_at is not None or (is_ended_by_others and not was_unread):
        notify(session, event, _about(view, "exchange_ended", is_proposer=False), receivers, now)


def rejected(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify both members that the workshop has declined their swap, and why."""
    view = _view(session, event)
    for member_id, is_proposer in ((view.proposer_id, True), (view.receiver_id, False)):
        mail = _about(view, "exchange_ended", is_proposer=is_proposer, reason=event.facts["reason"])
        notify(session, event, mail, recipients.of_member(session, member_id), now)


def handed_over(session: Session, event: RecordedEvent, _now: datetime) -> None:
    """Withdraw the reminder of who has it no more."""
    reminders.withdraw(session, event.facts, "starts_at")


HANDLERS: dict[str, Handler] = {
    exchange_events.ExchangeProposed.type: proposed,
    exchange_events.ExchangeAccepted.type: accepted,
    exchange_events.ExchangeAgreed.type: agreed,
    exchange_events.ExchangeRejected.type: rejected,
    exchange_events.ExchangeDeclined.type: ended,
    exchange_events.ExchangeWithdrawn.type: ended,
    exchange_events.ExchangeLapsed.type: ended,
    exchange_events.ExchangeOutdated.type: ended,
    exchange_events.ReservationHandedOver.type: handed_over,
}


def _view(session: Session, event: RecordedEvent) -> ExchangeView:
    return exchange_queries.exchange(session, event.facts["exchange_id"])


def _about(view: ExchangeView, template: str, **facts: object) -> Notification:
    return Notification(template, {"exchange": view, **facts}, f"/exchanges/{view.id}")


def _page_of(reservation_id: int) -> str:
    return f"/reservations/{reservation_id}"


def _withdraw_proposal(session: Session, view: ExchangeView) -> bool:
    """Withdraw the mail of a proposal that was not sent yet; return whether nobody has got it."""
    keys = [_key_of_proposed(view, to) for to in recipients.of_member(session, view.receiver_id)]
    return bool(keys) and withdraw_mails(session, keys) == len(keys)


def _key_of_proposed(view: ExchangeView, to: Recipient) -> str:
    return f"exchange{view.id}:exchange_proposed:{to.key}"
