"""Offers to the waiting list: one, and those of members or workshops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, false, or_, select
from sqlalchemy.orm import Session

from booking.errors.waiting_errors import OfferNotFound
from booking.kernel.orm import UtcDateTime
from booking.kernel.prepared import PreparedStatement
from booking.models import Machine, Member, Offer, OfferStatus, WaitingEntry, Workshop
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer with the names that people need to recognise it. is_exact: exactly this time was waited for.

    is_automatic: it is accepted without asking.
    """

    id: int
    entry_id: int
    machine_id: int
    machine_slug: str
    machine_name: str
    workshop_id: int
    workshop_name: str
    zone: ZoneInfo
    member_id: int
    member_name: str
    span: TimeSpan
    places: int
    purpose: str
    choices: tuple[str, ...]
    is_exact: bool
    is_automatic: bool
    status: OfferStatus
    offered_at: datetime
    lapses_at: datetime
    reservation_id: int | None
    revision: int

    def is_open(self, now: datetime) -> bool:
        """Return whether it can be accepted."""
        return self.status == OfferStatus.OPEN and now < self.lapses_at


_VIEWS = (
    select(
        Offer,
        WaitingEntry.purpose,
        WaitingEntry.choices,
        WaitingEntry.length_min,
        WaitingEntry.is_automatic,
        Machine.slug,
        Machine.name,
        Workshop.id,
        Workshop.name,
        Workshop.timezone,
        Member.name,
    )
    .join(WaitingEntry, WaitingEntry.id == Offer.entry_id)
    .join(Machine, Machine.id == Offer.machine_id)
    .join(Workshop, Workshop.id == Machine.workshop_id)
    .join(Member, Member.id == Offer.member_id)
)


_WAITING = PreparedStatement(
    select(Offer.id)
    .where(
        Offer.member_id == bindparam("member_id"),
        Offer.state == OfferStatus.OPEN.value,
        Offer.lapses_at > bindparam("now", type_=UtcDateTime),
    )
    .limit(1)
)


def offer(session: Session, offer_id: int) -> OfferView:
    """Return one offer, also one that has ended. Raises OfferNotFound."""
    row = session.execute(_VIEWS.where(Offer.id == offer_id)).one_or_none()
    if row is None:
        raise OfferNotFound(id=offer_id)
    return _view(row)


def offers(
    session: Session,
    *,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    or_member_id: int | None = None,
    open_at: datetime | None = None,
    before: int | None = None,
    limit: int = 20,
) -> tuple[OfferView, ...]:
    """Return offers, the newest first. open_at: those that can be accepted then. before: the id of the last one.

    workshop_ids: of machines of these; None: of any. or_member_id: whose offers are found whatever their workshop.
    """
    statement = _VIEWS.order_by(Offer.id.desc()).limit(limit)
    if open_at is not None:
        statement = statement.where(Offer.state == OfferStatus.OPEN.value, Offer.lapses_at > open_at)
    if member_id is not None:
        statement = statement.where(Offer.member_id == member_id)
    if workshop_ids is not None:
        own = false() if or_member_id is None else Offer.member_id == or_member_id
        statement = statement.where(or_(Machine.workshop_id.in_(workshop_ids), own))
    if before is not None:
        statement = statement.where(Offer.id < before)
    return tuple(_view(row) for row in session.execute(statement))


def waiting_offers(session: Session, member_id: int, *, now: datetime, limit: int) -> tuple[OfferView, ...]:
    """Return the offers that a member can accept, the newest first."""
    if not _WAITING.of(session, {"member_id": member_id, "now": now}):  # almost always, on each start page of a member
        return ()
    return offers(session, member_id=member_id, open_at=now, limit=limit)


def _view(row: Row[*tuple[Any, ...]]) -> OfferView:
    found, purpose, choices, length_min, is_automatic, slug, machine, workshop_id, workshop, timezone, member = row
    return OfferView(
        id=found.id,
        entry_id=found.entry_id,
        machine_id=found.machine_id,
        machine_slug=slug,
        machine_name=machine,
        workshop_id=workshop_id,
        workshop_name=workshop,
        zone=ZoneInfo(timezone),
        member_id=found.member_id,
        member_name=member,
        span=TimeSpan(found.starts_at, found.ends_at),
        places=found.places,
        purpose=purpose,
        choices=choices,
        is_exact=length_min is None,
        is_automatic=is_automatic and not found.is_asked,
        status=OfferStatus(found.state),
        offered_at=found.offered_at,
        lapses_at=found.lapses_at,
        reservation_id=found.reservation_id,
        revision=found.revision,
    )
