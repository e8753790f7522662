"""The steps of the set-up as use cases. Each leaves a whole ring behind, so that a break between them does no harm.

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
from booking import ring, workshops
from booking.kernel.events import Actor
from booking.models import Machine, Member, Workshop
from booking.opening_hours import Opening
from booking.ring import RingInput
from booking.workshops import WorkshopInput

SET_UP = Actor(job="set-up")
RING, PLACE, ADMINISTRATOR, DONE = "ring", "place", "administrator", "done"


def has_administrator(session: Session) -> bool:
    """Whether the ring was set up: somebody administers it."""
    return bool(session.scalar(select(exists().where(User.is_admin))))


def next_step(session: Session) -> str:
    """The first step that is still to be taken."""
    if has_administrator(session):
        return DONE
    if ring.the_ring(session) is None:
        return RING
    return ADMINISTRATOR if first_workshop_id(session) else PLACE


def enter_ring(session: Session, *, name: str, place: str, email: str, timezone: str, now: datetime) -> None:
    """Step 1; a second time it changes what was entered. Raises AlreadySetUp, RecordRefused."""
    before = _require_open(session) or RingInput(name=name, timezone=timezone)
    entry = replace(before, name=name, place=place, email=email)
    try:
        ring.enter_or_change_ring(session, entry, by=SET_UP, now=now)
    except IntegrityError as error:
        raise AlreadySetUp() from error  # another browser entered it in this moment


def enter_place(session: Session, entry: WorkshopInput, openings: list[Opening], *, now: datetime) -> None:
    """Step 2: the first workshop; a second time it changes it. Raises AlreadySetUp, RecordRefused."""
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
    """Step 3: the first administrator; with it the set-up closes. Of two at once, one is served.

    Raises AlreadySetUp, EmailTaken.
    """
    if _require_open(session) is None or first_workshop_id(session) is None:
        raise AlreadySetUp()
    return accounts.create(session, wanted, password_hash, by=None, now=now)


def first_workshop_id(session: Session) -> int | None:
    """The workshop entered at the set-up."""
    return session.scalar(select(Workshop.id).order_by(Workshop.id).limit(1))


def may_take_samples(session: Session) -> bool:
    """Step 4 is open to the administrator as long as the ring has neither members nor machines."""
    return not session.scalar(select(exists().where(Member.id > 0) | exists().where(Machine.id > 0)))


def _require_open(session: Session) -> RingInput | None:
    """The ring's record, locked, so that the steps of two browsers follow each other. Raises AlreadySetUp."""
    known = ring.the_ring(session, for_change=True)
    if has_administrator(session):
        raise AlreadySetUp()
    return known
