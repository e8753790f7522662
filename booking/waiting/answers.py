"""Answering an offer: accept, decline; and its end when nobody answers.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.waiting_errors import OfferNotFound
from booking.events.offer_events import OfferAccepted, OfferMade
from booking.kernel.errors import DomainError, StaleRevision
from booking.kernel.events import Actor
from booking.kernel.revisions import require_revision
from booking.models import Offer, OfferStatus, WaitingEntry
from booking.offers import offers
from booking.quotas import quota_use
from booking.records import catalogue
from booking.records.publish import publish
from booking.reservations import reservation_writer, reservations, wishes
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.timespan import TimeSpan
from booking.waiting.serving import wish_of


def accept(
    session: Session,
    offer_id: int,
    *,
    by: Actor,
    now: datetime,
    approve: bool = False,
    revision: int | None = None,
    second: Person | None = MEMBER_ITSELF,
) -> int:
    """Make an offer a reservation on the places that it holds; return its id. They are free at no moment.

    Every rule is judged again, as of when it was offered. Where the machine needs approval it becomes a request, unless
    the actor may decide (approve). second: who is there as well, where the machine needs two persons; None: that is
    named at hand-out.
    Raises OfferNotFound, OfferClosed, StaleRevision, MachineNotFound, RequestRefused.
    """
    member_id = session.scalar(select(Offer.member_id).where(Offer.id == offer_id))
    if member_id is None:
        raise OfferNotFound(id=offer_id)
    quota_use.lock(session, [member_id])
    offer, entry = offers.lock(session, offer_id)
    offers.require_open(offer, now)
    require_revision(revision, offer.revision)
    terms = catalogue.bookable_machine(session, offer.machine_id)
    span = TimeSpan(offer.starts_at, offer.ends_at)
    asked = offer.places, entry.purpose
    wish = Wish(offer.machine_id, member_id, span, *asked, second=second, choices=entry.choices)
    wishes.refuse_violations(session, wish, terms.policy, asked_at=offer.offered_at, now=now)

    new = reservations.new_reservation(wish, terms, wishes.new_uid(), now, approve=approve)
    held = TimeSpan(offer.occupied_from, offer.occupied_until)
    (entered,) = reservation_writer.enter(session, [replace(new, occupied=held, takes_over=offer_id)], by=by, now=now)
    offer.state, offer.closed_at, offer.reservation_id = OfferStatus.ACCEPTED.value, now, entered.id
    offer.revision += 1
    entry.offer_id, entry.left_at = None, now
    entry.revision += 1
    session.flush()
    publish(session, OfferAccepted.of(offer, reservation_id=entered.id), by=by, now=now)
    return entered.id


def decline(session: Session, offer_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Decline an offer: it goes to the next in line. Who declined already has: nothing happens.

    Raises OfferNotFound, OfferClosed, StaleRevision.
    """
    offer, entry = offers.lock(session, offer_id)
    if offer.state == OfferStatus.DECLINED:
        return
    offers.require_open(offer, now)
    require_revision(revision, offer.revision)
    offers.close(session, offer, entry, OfferStatus.DECLINED, by=by, now=now)


def lapse(session: Session, offer_id: int, *, by: Actor, now: datetime) -> bool:
    """End an offer that nobody answered in time; return whether it was still open. It goes to the next in line."""
    offer, entry = offers.lock(session, offer_id)
    if offer.state != OfferStatus.OPEN or offer.lapses_at > now:
        return False
    offers.close(session, offer, entry, OfferStatus.LAPSED, by=by, now=now)
    return True


def renew(session: Session, offer_id: int, *, now: datetime) -> bool:
    """Give an open offer the whole time to answer from now on, where its member only hears of it now; return whether.

    Never less than it had, and not beyond the notice of its machine. The row of its entry protects it.
    """
    known = session.execute(select(Offer.entry_id, Offer.machine_id).where(Offer.id == offer_id)).one_or_none()
    if known is None or offers.lock_entry(session, known.entry_id) is None:
        return False
    offer = session.get(Offer, offer_id, populate_existing=True)
    policy = catalogue.lending_terms(session, known.machine_id).policy
    if offer is None or offer.state != OfferStatus.OPEN:
        return False
    latest = offer.starts_at - timedelta(hours=policy.notice_hours)
    until = min(now + timedelta(hours=policy.offer_hours), latest)
    if until <= max(now, offer.lapses_at):
        return False
    offer.lapses_at = until
    offer.revision += 1
    session.flush()
    return True


def accept_automatically(
    session: Session, offer_id: int, *, by: Actor, now: datetime, lacking: Lacking = none_lacking
) -> bool:
    """Accept an offer whose member wished so beforehand; return whether it was still open.

    With the second person that was named then; without one hand-out asks, because nobody is there to be asked.
    Where the rules refuse it by now, it lapses at once. Nothing of a refused acceptance is stored. Where its machine
    lacks a variant that was chosen, its member is asked all the same.
    """
    seen = session.execute(_REVISION_AND_USE.where(Offer.id == offer_id)).one_or_none()
    if seen is not None and lacking(seen.machine_id, seen.starts_at, seen.choices):
        return _ask(session, offer_id, by=by, now=now)
    revision = None if seen is None else seen.revision
    try:
        with session.begin_nested():
            second = _named_second(session, offer_id)
            accept(session, offer_id, by=by, now=now, second=second, revision=revision)
    except StaleRevision:  # other variants are chosen since a moment ago: the next run looks at them
        return False
    except DomainError:
        offer, entry = offers.lock(session, offer_id)
        if offer.state != OfferStatus.OPEN:
            return False
        offers.close(session, offer, entry, OfferStatus.LAPSED, by=by, now=now)
    return True


_REVISION_AND_USE = select(Offer.revision, Offer.machine_id, Offer.starts_at, WaitingEntry.choices).join(
    WaitingEntry, WaitingEntry.id == Offer.entry_id
)


def _ask(session: Session, offer_id: int, *, by: Actor, now: datetime) -> bool:
    """Make an offer that was to be accepted without asking an ordinary one, with the whole time to answer."""
    offer, _entry = offers.lock(session, offer_id)
    if offer.state != OfferStatus.OPEN or offer.lapses_at <= now or offer.is_asked:
        return False
    offer.is_asked = True
    offer.revision += 1
    session.flush()
    renew(session, offer_id, now=now)
    publish(session, OfferMade.of(offer, is_automatic=False), by=by, now=now)
    return True


def _named_second(session: Session, offer_id: int) -> Person | None:
    """Return who was named when the member joined the waiting list; None for nobody."""
    wanted = select(WaitingEntry).join(Offer, Offer.entry_id == WaitingEntry.id).where(Offer.id == offer_id)
    entry = session.scalars(wanted).one_or_none()
    return None if entry is None else wish_of(entry).named_second


def overdue(session: Session, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """Return the ids of open offers whose time to answer is over, the oldest first."""
    return session.scalars(
        select(Offer.id)
        .where(Offer.state == OfferStatus.OPEN.value, Offer.lapses_at <= now)
        .order_by(Offer.lapses_at, Offer.id)
        .limit(limit)
    ).all()


def automatic(session: Session, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """Return the ids of open offers that are accepted without asking, in the order in which they were made.

    Not those of which their member was asked all the same.
    """
    return session.scalars(
        select(Offer.id)
        .join(WaitingEntry, WaitingEntry.id == Offer.entry_id)
        .where(Offer.state == OfferStatus.OPEN.value, Offer.lapses_at > now)
        .where(WaitingEntry.is_automatic, Offer.is_asked.is_(False))
        .order_by(Offer.id)
        .limit(limit)
    ).all()
