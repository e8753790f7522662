"""The steps of the set-up as use cases. Each leaves a consistent ring, so that the set-up may be interrupted.

How far the set-up is, is read from what exists: the ring's row, its first workshop, its first administrator.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import accounts
from app.auth.errors import AlreadySetUp
from app.auth.models import User
from app.forms.images import LOGO_MEDIA_TYPE
from booking.addresses import Address
from booking.kernel.events import Actor
from booking.models import Machine, Member, Workshop
from booking.records import records, ring, workshops
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from booking.times.opening_hours import Opening

SET_UP = Actor(job="set-up")
RING, PLACE, ADMINISTRATOR, DONE = "ring", "place", "administrator", "done"


def has_administrator(session: Session) -> bool:
    """Return whether the ring was set up: it has an administrator."""
    return bool(session.scalar(select(exists().where(User.is_admin))))


def next_step(session: Session) -> str:
    """Return the first step that is still to be done."""
    if has_administrator(session):
        return DONE
    if ring.the_ring(session) is None:
        return RING
    return ADMINISTRATOR if first_workshop_id(session) else PLACE


def enter_ring(
    session: Session,
    *,
    name: str,
    address: Address,
    email: str,
    timezone: str,
    colour: str,
    logo: bytes | None,
    now: datetime,
) -> None:
    """Step 1: enter the ring, or change what was entered before. logo: None leaves the one that is there.

    Raises AlreadySetUp, RecordRefused.
    """
    before = _require_open(session) or RingInput(name=name, timezone=timezone)
    entry = replace(before, name=name, address=address, email=email, colour=colour)
    try:
        ring.enter_or_change_ring(session, entry, by=SET_UP, now=now)
    except IntegrityError as error:
        raise AlreadySetUp() from error  # another browser entered it in this moment
    if logo is not None:
        photo_id = records.store_photo(session, logo, LOGO_MEDIA_TYPE, now=now)
        ring.show_logo(session, photo_id, by=SET_UP, now=now)


def enter_place(session: Session, entry: WorkshopInput, openings: list[Opening], *, now: datetime) -> None:
    """Step 2: enter the first workshop, or change it. Raises AlreadySetUp, RecordRefused."""
    known = _require_open(session)
    if known is None:
        raise AlreadySetUp()
    workshop_id = first_workshop_id(session)
    if workshop_id is None:
        workshops.enter_workshop(session, entry, openings, by=SET_UP, now=now)
    else:
        workshops.change_workshop(session, workshop_id, entry, openings, by=SET_UP, now=now)
    changed = replace(known, holidays_region=entry.holidays_region, timezone=entry.timezone)
    ring.enter_or_change_ring(session, changed, by=SET_UP, now=now)


def enter_administrator(session: Session, wanted: accounts.NewLogin, password_hash: str, *, now: datetime) -> int:
    """Step 3: enter the first administrator, which closes the set-up. Of two at once, one succeeds.

    Raises AlreadySetUp, EmailTaken.
    """
    if _require_open(session) is None or first_workshop_id(session) is None:
        raise AlreadySetUp()
    return accounts.create(session, wanted, password_hash, by=None, now=now)


def first_workshop_id(session: Session) -> int | None:
    """Return the workshop entered at the set-up; None before step 2."""
    return session.scalar(select(Workshop.id).order_by(Workshop.id).limit(1))


def may_take_samples(session: Session) -> bool:
    """Return whether step 4 is open: the ring has neither members nor machines."""
    return not session.scalar(select(exists().where(Member.id > 0) | exists().where(Machine.id > 0)))


def _require_open(session: Session) -> RingInput | None:
    """Return the ring's record, locked, so that two browsers run one after the other. Raises AlreadySetUp."""
    known = ring.the_ring(session, for_change=True)
    if has_administrator(session):
        raise AlreadySetUp()
    return known
