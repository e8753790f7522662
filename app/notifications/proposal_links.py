"""The link of a mail that answers without a log-in what was proposed after a breakdown. Stored hashed.

It works for this proposal alone, as long as it is held: it is dead once that is answered, has lapsed or was withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.auth import memberships
from app.auth.errors import LinkNotValid
from app.auth.models import User
from app.mail.links import absolute
from app.notifications.models import ProposalLink
from app.notifications.recipients import Recipient
from booking import replan
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of, new_token
from booking.models import Member, Replanned, Reservation

PATH = "/proposed/"
JOB = "proposal_link"  # who answers where the member has no login


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that works: its reservation, and who answers by it."""

    reservation_id: int
    by: Actor


def create(session: Session, reservation_id: int, hold_id: int, to: Recipient, *, now: datetime) -> str:
    """Return the address of a new link. Call inside write_transaction()."""
    secret = new_token()
    link = ProposalLink(token_hash=hash_of(secret), hold_id=hold_id, reservation_id=reservation_id, created_at=now)
    link.user_id = to.user_id
    session.add(link)
    session.flush()
    return absolute(PATH + secret)


def find(session: Session, secret: str, *, now: datetime) -> FoundLink:
    """Return a link whose proposal is held. Raises LinkNotValid.

    It ends when its login is disabled or acts for another member, and when the member leaves.
    """
    is_held = Replanned.hold_id == ProposalLink.hold_id, Replanned.lapses_at > now
    with_proposal = _of(secret, now).join(Replanned, Replanned.reservation_id == ProposalLink.reservation_id)
    row = session.execute(with_proposal.where(*is_held)).one_or_none()
    if row is None:
        raise LinkNotValid()
    return FoundLink(row.reservation_id, Actor(user_id=row.user_id) if row.user_id is not None else Actor(job=JOB))


def ended_proposal(session: Session, secret: str, *, now: datetime) -> int | None:
    """Return the reservation of a link that has ended, for who might have answered by it; None for no such link."""
    row = session.execute(_of(secret, now)).one_or_none()
    return None if row is None else row.reservation_id


def is_known(session: Session, secret: str) -> bool:
    """Return whether a link was made, though it may have ended: who follows it late guesses nothing."""
    return session.scalar(select(ProposalLink.id).where(ProposalLink.token_hash == hash_of(secret))) is not None


def answer(session: Session, secret: str, *, is_accepted: bool, revision: int | None, now: datetime) -> None:
    """Answer the proposal of a link. Call inside write_transaction().

    Raises LinkNotValid, OldTimeGone, StaleRevision, MachineNotFound, RequestRefused, SlotTaken.
    """
    link = find(session, secret, now=now)
    verb = replan.take_offer if is_accepted else replan.decline
    verb(session, link.reservation_id, by=link.by, now=now, revision=revision)


def _of(secret: str, now: datetime) -> Select[int, int | None]:
    today = memberships.ring_day(now)
    return (
        select(ProposalLink.reservation_id, ProposalLink.user_id)
        .join(Reservation, Reservation.id == ProposalLink.reservation_id)
        .join(Member, Member.id == Reservation.member_id)
        .outerjoin(User, User.id == ProposalLink.user_id)
        .where(
            ProposalLink.token_hash == hash_of(secret),
            or_(Member.left_on.is_(None), Member.left_on >= today),
            or_(
                ProposalLink.user_id.is_(None),
                (User.disabled_at.is_(None)) & (User.member_id == Reservation.member_id),
            ),
        )
    )
