"""Recipients of mails: the logins of a member or its record, the managers of a workshop. Never a disabled login.

What belongs to an office (manager, administrator) is not sent to a login whose member has left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from app.auth import deputies, memberships
from app.auth.models import ManagedWorkshop, User
from app.mail.leasing import MEMBER
from booking.models import Member, Workshop
from booking.times.wall_clock import local_day

WORKSHOP, ADMINISTRATORS = "workshop", "administrators"  # beginnings of audiences, beside MEMBER
# Made once, and of the columns alone: the worker asks for each event.
_LOGINS = (
    select(User.id, User.email, User.name, User.language, User.disabled_at)
    .where(User.member_id == bindparam("member_id"))
    .order_by(User.id)
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An addressee and the language. key: part of the mail's key; user_id: None without a login, then member_id.

    audience: as what the mail is for it, so that it is not sent when it is that no more; see readers_of().
    """

    key: str
    address: str
    name: str
    language: str
    user_id: int | None = None
    member_id: int | None = None
    audience: str = field(default="", compare=False)


def of_member(session: Session, member_id: int) -> list[Recipient]:
    """Return all logins of a member that are not disabled; where there is none, the address of its record.

    A member whose login was disabled still has its reservations and its bills.
    """
    if logins := _enabled(session.execute(_LOGINS, {"member_id": member_id}), f"{MEMBER} {member_id}"):
        return logins
    member = session.get(Member, member_id)
    return [of_record(member)] if member is not None and member.email else []


def of_record(member: Member) -> Recipient:
    """Return a member at the address of its record."""
    audience = f"{MEMBER} {member.id}"
    return Recipient(f"member{member.id}", member.email, member.name, _language(""), None, member.id, audience)


def at_address(session: Session, member_id: int, key: str, address: str) -> Recipient:
    """Return a member at an address that it stated, in the language of its first login."""
    languages = [one.language for one in of_member(session, member_id)]
    name = session.get_one(Member, member_id).name
    return Recipient(key, address, name, languages[0] if languages else _language(""), member_id=member_id)


def managers_of(session: Session, workshop_id: int, *, now: datetime) -> list[Recipient]:
    """Return the managers of a workshop and the deputies of its day; the administrators where there are none."""
    zone = session.scalar(select(Workshop.timezone).where(Workshop.id == workshop_id)) or "UTC"
    today = local_day(now, ZoneInfo(zone))
    audience = f"{WORKSHOP} {workshop_id}"
    managers = _enabled(
        session.scalars(
            select(User)
            .join(ManagedWorkshop, ManagedWorkshop.user_id == User.id)
            .where(
                ManagedWorkshop.workshop_id == workshop_id,
                or_(ManagedWorkshop.valid_from.is_(None), ManagedWorkshop.valid_from <= today),
                or_(ManagedWorkshop.valid_until.is_(None), ManagedWorkshop.valid_until >= today),
                deputies.is_backed(),
                ~memberships.has_left(),
            )
            .order_by(User.id),
            {"today": memberships.ring_day(now)},
        ),
        audience,
    )
    return managers or [replace(one, audience=audience) for one in administrators(session, now=now)]


def administrators(session: Session, *, now: datetime) -> list[Recipient]:
    """Return the administrators of the ring."""
    found = select(User).where(User.is_admin.is_(True), ~memberships.has_left()).order_by(User.id)
    return _enabled(session.scalars(found, {"today": memberships.ring_day(now)}), ADMINISTRATORS)


def readers_of(session: Session, audience: str, now: datetime) -> list[Recipient]:
    """Return who may read a mail of an audience now: of a member, of workshops whose managers it is for, of an office.

    Of several workshops it is who manages all. Administrators may read all of workshops; who manages them stands first.
    """
    kind, *numbers = audience.split()
    if kind == MEMBER:
        member = session.get(Member, int(numbers[0]))
        record = [of_record(member)] if member is not None and member.email else []
        return [*(one for one in of_member(session, int(numbers[0])) if one.user_id is not None), *record]
    found = administrators(session, now=now)
    if kind == WORKSHOP:
        of_each = [managers_of(session, int(number), now=now) for number in numbers]
        managers = [one for one in of_each[0] if all(one in others for others in of_each)]
        return [*managers, *(one for one in found if one not in managers)]
    return found


def _enabled(users: Iterable[User | Row[*tuple[Any, ...]]], audience: str) -> list[Recipient]:
    return [
        Recipient(f"user{user.id}", user.email, user.name, _language(user.language), user.id, audience=audience)
        for user in users
        if user.disabled_at is None
    ]


def _language(language: str) -> str:
    languages: list[str] = current_app.config["LOCALES"]
    return language if language in languages else languages[0]
