"""The link of a reminder that cancels its reservation: once, until it begins, for who got the mail. Stored hashed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from app.auth import memberships
from app.auth.errors import LinkNotValid
from app.auth.models import User
from app.mail.links import absolute
from app.notifications.models import CancelLink
from app.notifications.recipients import Recipient
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of, new_token
from booking.models import Member, Reservation, Status
from booking.reservations import reservations

PATH = "/not-needed/"
JOB = "cancel_link"  # who cancels where the member has no login


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that works: its reservation, and who got it; user_id: None for a member without a login."""

    id: int
    reservation_id: int
    user_id: int | None


def create(session: Session, reservation_id: int, to: Recipient, *, now: datetime) -> str:
    """Return the address of a new link. Call inside write_transaction()."""
    secret = new_token()
    link = CancelLink(token_hash=hash_of(secret), reservation_id=reservation_id, user_id=to.user_id, created_at=now)
    session.add(link)
    session.flush()
    return absolute(PATH + secret)


def find(session: Session, secret: str, *, now: datetime) -> FoundLink:
    """Return a link that was not used, before its reservation begins. Raises LinkNotValid.

    It ends when its login is disabled or acts for another member, when the member leaves, and with the reservation.
    """
    row = session.execute(_usable(now).where(CancelLink.token_hash == hash_of(secret))).one_or_none()
    if row is None:
        raise LinkNotValid()
    return FoundLink(row.id, row.reservation_id, row.user_id)


def is_known(session: Session, secret: str) -> bool:
    """Return whether a link was made, though it may have ended: who follows it late guesses nothing."""
    found = select(CancelLink.id).where(CancelLink.token_hash == hash_of(secret))
    return session.scalar(found) is not None


def cancel(session: Session, secret: str, *, revision: int | None, now: datetime) -> None:
    """Cancel the reservation of a link; of two clicks at once one succeeds. Call inside write_transaction().

    revision: as the page showed it. Raises LinkNotValid, StaleRevision, WrongStatus.
    """
    link = find(session, secret, now=now)
    by = Actor(user_id=link.user_id) if link.user_id is not None else Actor(job=JOB)
    reservations.cancel(session, link.reservation_id, by=by, now=now, revision=revision)
    used = update(CancelLink).where(CancelLink.id == link.id, CancelLink.used_at.is_(None)).values(used_at=now)
    if session.scalar(used.returning(CancelLink.id)) is None:
        raise LinkNotValid()


def _usable(now: datetime) -> Select[int, int, int | None]:
    today = memberships.ring_day(now)
    return (
        select(CancelLink.id, CancelLink.reservation_id, CancelLink.user_id)
        .join(Reservation, Reservation.id == CancelLink.reservation_id)
        .join(Member, Member.id == Reservation.member_id)
        .outerjoin(User, User.id == CancelLink.user_id)
        .where(
            CancelLink.used_at.is_(None),
            Reservation.status.in_((Status.REQUESTED, Status.CONFIRMED)),
            func.coalesce(Reservation.former_starts_at, Reservation.starts_at) > now,
            or_(Member.left_on.is_(None), Member.left_on >= today),
            or_(CancelLink.user_id.is_(None), (User.disabled_at.is_(None)) & (User.member_id == Reservation.member_id)),
        )
    )
