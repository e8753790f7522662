"""The link of a mail by which the receiver answers one exchange without a log-in. Stored hashed.

It is dead once the exchange is answered, has lapsed or was taken back: it can reach nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.auth import memberships
from app.auth.errors import LinkNotValid
from app.auth.models import User
from app.mail.links import absolute
from app.notifications.models import ExchangeLink
from app.notifications.recipients import Recipient
from booking.exchanges import accepting, ending
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of, new_token
from booking.models import Exchange, ExchangeState, Member
from booking.rules.persons import Person

PATH = "/exchanged/"
JOB = "exchange_link"  # who answers where the member has no login


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that works: its exchange, and who answers by it."""

    exchange_id: int
    by: Actor


def create(session: Session, exchange_id: int, to: Recipient, *, now: datetime) -> str:
    """Return the address of a new link. Call inside write_transaction()."""
    secret = new_token()
    link = ExchangeLink(token_hash=hash_of(secret), exchange_id=exchange_id, user_id=to.user_id, created_at=now)
    session.add(link)
    session.flush()
    return absolute(PATH + secret)


def find(session: Session, secret: str, *, now: datetime) -> FoundLink:
    """Return a link whose exchange waits for its receiver. Raises LinkNotValid.

    It ends when its login is disabled or acts for another member, and when the member leaves.
    """
    waits = Exchange.state == ExchangeState.OPEN.value, Exchange.agreed_at.is_(None), Exchange.lapses_at > now
    row = session.execute(_of(secret, now).where(*waits)).one_or_none()
    if row is None:
        raise LinkNotValid()
    return FoundLink(row.exchange_id, Actor(user_id=row.user_id) if row.user_id is not None else Actor(job=JOB))


def ended_exchange(session: Session, secret: str, *, now: datetime) -> int | None:
    """Return the exchange of a link that has ended with it, for who might have answered by it; None without one."""
    row = session.execute(_of(secret, now)).one_or_none()
    return None if row is None else row.exchange_id


def is_known(session: Session, secret: str) -> bool:
    """Return whether a link was made, though it may have ended: who follows it late guesses nothing."""
    return session.scalar(select(ExchangeLink.id).where(ExchangeLink.token_hash == hash_of(secret))) is not None


def answer(
    session: Session, secret: str, *, is_accepted: bool, revision: int | None, second: Person, now: datetime
) -> None:
    """Answer the exchange of a link. Call inside write_transaction(). second: as in accepting.accept().

    Raises LinkNotValid, and as accepting.accept().
    """
    link = find(session, secret, now=now)
    verb = partial(accepting.accept, second=second) if is_accepted else ending.decline
    verb(session, link.exchange_id, by=link.by, now=now, revision=revision)


def _of(secret: str, now: datetime) -> Select[int, int | None]:
    today = memberships.ring_day(now)
    return (
        select(ExchangeLink.exchange_id, ExchangeLink.user_id)
        .join(Exchange, Exchange.id == ExchangeLink.exchange_id)
        .join(Member, Member.id == Exchange.receiver_id)
        .outerjoin(User, User.id == ExchangeLink.user_id)
        .where(
            ExchangeLink.token_hash == hash_of(secret),
            or_(Member.left_on.is_(None), Member.left_on >= today),
            or_(
                ExchangeLink.user_id.is_(None),
                (User.disabled_at.is_(None)) & (User.member_id == Exchange.receiver_id),
            ),
        )
    )
