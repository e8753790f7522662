"""What the account pages show."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import managers, one_time_codes
from app.auth.logins import Login
from app.auth.managers import Management
from app.ring_card import ring_card
from booking.members.members import Contact, MemberInput
from booking.models import Member


@dataclass(frozen=True, slots=True)
class Me:
    """A login as its owner sees it."""

    name: str
    email: str
    member: str
    roles: str


def me(session: Session, login: Login) -> Me:
    """Return who is logged in, and with which roles."""
    member = session.execute(select(Member.number, Member.name).where(Member.id == login.member_id)).one_or_none()
    roles = [_("member")] if member is not None else []
    roles += [_("manager of %(workshop)s", workshop=one.workshop) for one in managed_today(session, login)]
    roles += [_("treasurer")] if login.is_treasurer else []
    roles += [_("administrator")] if login.is_admin else []
    name = f"{member.name} ({member.number})" if member is not None else ""
    return Me(login.name, login.email, name, ", ".join(roles))


def managed_today(session: Session, login: Login) -> list[Management]:
    """Return the workshops that a login manages now."""
    if not login.managed_workshop_ids:
        return []
    found = {one.workshop_id: one for one in managers.managements(session, login.id)}
    return [one for one in found.values() if one.workshop_id in login.managed_workshop_ids]


def contact_of(session: Session, member_id: int) -> Contact:
    """Return how a member can be reached."""
    facts = MemberInput.of(session.get_one(Member, member_id))
    return Contact(facts.email, facts.phone, facts.address)


@dataclass(frozen=True, slots=True)
class SecretForApp:
    """The secret of a second factor during its set-up: to scan, to tap on the phone itself, to type."""

    picture: Markup
    address: str
    text: str


def secret_for_app(secret: str, email: str) -> SecretForApp:
    """Return the secret in the forms that an app can read."""
    address = one_time_codes.provisioning_uri(secret, login=email, ring=ring_card().name)
    return SecretForApp(_qr_code(address), address, one_time_codes.group_code(secret, " "))


def _qr_code(address: str) -> Markup:
    """Return the code as inline SVG: an address of its own could be cached or shared. Attributes alone, no style."""
    import segno

    drawn = segno.make(address, error="m", micro=False).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass="qr-code", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - segno draws squares; nothing of the address is copied into it
