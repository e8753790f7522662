"""Ending offers: what every answer to one and every closure of its machine has in common.

The machine is locked first, then the entry, whose row protects its offers (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.waiting_errors import OfferClosed, OfferNotFound
from booking.events.offer_events import OfferDeclined, OfferEvent, OfferLapsed, OfferWithdrawn
from booking.kernel.events import Actor
from booking.models import Offer, OfferStatus, WaitingEntry
from booking.offers import held_proposals
from booking.places import held_spans, occupancies
from booking.records.publish import publish
from booking.timespan import TimeSpan

_EVENTS: Mapping[OfferStatus, type[OfferEvent]] = {
    OfferStatus.DECLINED: OfferDeclined,
    OfferStatus.LAPSED: OfferLapsed,
    OfferStatus.WITHDRAWN: OfferWithdrawn,
}


def lock(session: Session, offer_id: int) -> tuple[Offer, WaitingEntry]:
    """Lock the machine of an offer and its entry; return the offer as it is now, and the entry.

    Raises OfferNotFound.
    """
    known = session.execute(select(Offer.machine_id, Offer.entry_id).where(Offer.id == offer_id)).one_or_none()
    if known is None:
        raise OfferNotFound(id=offer_id)
    occupancies.lock_machines(session, [known.machine_id])
    entry = lock_entry(session, known.entry_id)
    assert entry is not None
    offer = session.get(Offer, offer_id, populate_existing=True)
    assert offer is not None
    return offer, entry


def lock_entry(session: Session, entry_id: int, *, skip_locked: bool = False) -> WaitingEntry | None:
    """Read an entry of the waiting list and lock it; None without one, or where somebody else has locked it.

    Rows that refer to it may be added meanwhile.
    """
    wanted = select(WaitingEntry).where(WaitingEntry.id == entry_id)
    wanted = wanted.with_for_update(key_share=True, skip_locked=skip_locked)
    return session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def require_open(offer: Offer, now: datetime) -> None:
    """Raise OfferClosed for an offer that was answered or withdrawn, or whose time to answer is over."""
    if offer.state != OfferStatus.OPEN:
        raise OfferClosed(status=offer.state, reservation_id=offer.reservation_id)
    if offer.lapses_at <= now:
        raise OfferClosed(status=OfferStatus.LAPSED.value, reservation_id=None)


def close(
    session: Session, offer: Offer, entry: WaitingEntry, status: OfferStatus, *, by: Actor, now: datetime
) -> None:
    """End an open offer without a reservation; its time is free, and offered to the next before the commit.

    Who waited for exactly this time and declined it, or did not answer, waits no more; who waits for any time of a
    length goes on waiting.
    """
    offer.state, offer.closed_at = status.value, now
    offer.revision += 1
    entry.offer_id = None
    if entry.length_min is None and status in (OfferStatus.DECLINED, OfferStatus.LAPSED):
        entry.left_at = now
    entry.revision += 1
    session.flush()
    occupancies.release(session, offer.id)
    publish(session, _EVENTS[status].of(offer), by=by, now=now)


def withdraw_overlapping(
    session: Session, machine_id: int, spans: Sequence[TimeSpan], *, by: Actor, now: datetime
) -> None:
    """Withdraw the offers of a locked machine in spans in which it is closed, and what re-plans proposed.

    Their members wait on.
    """
    held_proposals.withdraw_overlapping(session, machine_id, spans, by=by, now=now)
    found = session.execute(
        select(Offer.id, Offer.entry_id)
        .where(
            Offer.machine_id == machine_id,
            Offer.state == OfferStatus.OPEN.value,
            held_spans.overlap_any(Offer.occupied_from, Offer.occupied_until, spans),
        )
        .order_by(Offer.entry_id)
    ).all()
    for offer_id, entry_id in found:
        entry, offer = lock_entry(session, entry_id), session.get(Offer, offer_id, populate_existing=True)
        if entry is not None and offer is not None and offer.state == OfferStatus.OPEN:
            close(session, offer, entry, OfferStatus.WITHDRAWN, by=by, now=now)
