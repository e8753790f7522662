"""Invitations to all members who never had a login: who can be invited, who cannot and why, and inviting many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import accounts, mails, one_use_links
from app.auth.models import User
from booking.email_addresses import check_email, normalize_email
from booking.kernel.events import Actor
from booking.models import Member
from booking.queries.member_texts import member_texts

MISSING, INVALID, SHARED, USED = "missing", "invalid", "shared", "used"
BATCH = 100  # invitations of one transaction: it holds the write lock for about a second


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member without a login. obstacle: why no invitation can be sent to the e-mail address; "" for none."""

    id: int
    number: str
    name: str
    email: str
    obstacle: str


def candidates(session: Session, day: date) -> list[Candidate]:
    """Return the members who never had a login and have not left, by number. day: the present one.

    An address that several of them have, or that a login has already, gets no invitation: it would be of one alone.
    """
    logins = session.execute(select(User.member_id, User.email)).all()
    left_out = {login.member_id for login in logins} | set(
        session.scalars(select(Member.id).where(Member.left_on < day))
    )
    found = [one for one in member_texts(session) if one.id not in left_out]
    used, counts = {login.email for login in logins}, Counter(normalize_email(one.email) for one in found)
    return [
        Candidate(one.id, one.number, one.name, one.email, _obstacle(one.email, counts, used))
        for one in sorted(found, key=attrgetter("number", "id"))
    ]


def invite_members(
    session: Session, member_ids: Collection[int], *, language: str, days: int, by: Actor, now: datetime, day: date
) -> int:
    """Enter a login for each of some members, and queue the mail with its link. Return how many were invited.

    Whoever has a login by now, or can no longer be invited, is left out: sent twice, nobody gets a second mail. days:
    how long a link works. Call inside write_transaction(), for at most BATCH members.
    """
    wanted = [one for one in candidates(session, day) if one.id in member_ids and not one.obstacle]
    for one in wanted:
        name = one.name[: accounts.LENGTHS_MAX["name"]]
        login = accounts.NewLogin(one.email, name, accounts.Roles(member_id=one.id), language)
        user_id = accounts.invite(session, login, by=by, now=now)
        valid_for = timedelta(days=days)
        link = one_use_links.create(session, user_id, one_use_links.INVITATION, now=now, valid_for=valid_for)
        mails.queue_invitation(session, user_id, link, now=now, days=days)
    return len(wanted)


def _obstacle(email: str, counts: Counter[str], used: Collection[str]) -> str:
    address = normalize_email(email)
    if not address:
        return MISSING
    if check_email(email):
        return INVALID
    if address in used:
        return USED
    return SHARED if counts[address] > 1 else ""
