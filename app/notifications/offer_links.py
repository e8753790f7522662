"""The link of a mail that answers one offer without a log-in, as long as the offer is open. Stored hashed.

It is dead once the offer is answered, has lapsed or was withdrawn: the offer is the only thing that it can reach.
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
from app.notifications.models import OfferLink
from app.notifications.recipients import Recipient
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of, new_token
from booking.models import Member, Offer, OfferStatus
from booking.rules.persons import Person
from booking.waiting import answers

PATH = "/offered/"
JOB = "offer_link"  # who answers where the member has no login


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that works: its offer, and who answers by it."""

    offer_id: int
    by: Actor


def create(session: Session, offer_id: int, to: Recipient, *, now: datetime) -> str:
    """Return the address of a new link. Call inside write_transaction()."""
    secret = new_token()
    session.add(OfferLink(token_hash=hash_of(secret), offer_id=offer_id, user_id=to.user_id, created_at=now))
    session.flush()
    return absolute(PATH + secret)


def find(session: Session, secret: str, *, now: datetime) -> FoundLink:
    """Return a link whose offer is open. Raises LinkNotValid.

    It ends when its login is disabled or acts for another member, and when the member leaves.
    """
    is_open = Offer.state == OfferStatus.OPEN.value, Offer.lapses_at > now
    row = session.execute(_of(secret, now).where(*is_open)).one_or_none()
    if row is None:
        raise LinkNotValid()
    return FoundLink(row.offer_id, Actor(user_id=row.user_id) if row.user_id is not None else Actor(job=JOB))


def ended_offer(session: Session, secret: str, *, now: datetime) -> int | None:
    """Return the offer of a link that has ended with it, for who might have answered by it; None for no such link."""
    row = session.execute(_of(secret, now)).one_or_none()
    return None if row is None else row.offer_id


def is_known(session: Session, secret: str) -> bool:
    """Return whether a link was made, though it may have ended: who follows it late guesses nothing."""
    return session.scalar(select(OfferLink.id).where(OfferLink.token_hash == hash_of(secret))) is not None


def answer(
    session: Session, secret: str, *, is_accepted: bool, revision: int | None, second: Person, now: datetime
) -> int | None:
    """Answer the offer of a link; return the reservation of an accepted one. Call inside write_transaction().

    second: as in answers.accept(). Raises LinkNotValid, OfferClosed, StaleRevision, MachineNotFound, RequestRefused.
    """
    link = find(session, secret, now=now)
    if is_accepted:
        return answers.accept(session, link.offer_id, by=link.by, now=now, revision=revision, second=second)
    answers.decline(session, link.offer_id, by=link.by, now=now, revision=revision)
    return None


def _of(secret: str, now: datetime) -> Select[int, int | None]:
    today = memberships.ring_day(now)
    return (
        select(OfferLink.offer_id, OfferLink.user_id)
        .join(Offer, Offer.id == OfferLink.offer_id)
        .join(Member, Member.id == Offer.member_id)
        .outerjoin(User, User.id == OfferLink.user_id)
        .where(
            OfferLink.token_hash == hash_of(secret),
            or_(Member.left_on.is_(None), Member.left_on >= today),
            or_(OfferLink.user_id.is_(None), (User.disabled_at.is_(None)) & (User.member_id == Offer.member_id)),
        )
    )
