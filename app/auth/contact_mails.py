"""Mails to the former and the new e-mail address of members, however their record was changed, and of the ring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.auth.mails import address_body
from app.auth.models import User
from app.mail.outbox import queue_mail
from booking.models import Member, Ring
from booking.records.deletions import chunks


def queue_changed(session: Session, addresses: Mapping[int, tuple[str, str]], *, now: datetime) -> None:
    """Queue a mail to both addresses of each member whose address is another one now, in the language of its login.

    addresses: former and present one, by the id of the member. Call inside write_transaction().
    """
    changed = {member_id: pair for member_id, pair in addresses.items() if pair[0] != pair[1]}
    if not changed:
        return
    ring = session.scalar(select(Ring.name)) or "Ringbuch"
    of_member = and_(User.member_id == Member.id, User.disabled_at.is_(None))
    named = select(Member.id, Member.name, func.min(User.language)).outerjoin(User, of_member).group_by(Member.id)
    for ids in chunks(changed):
        for member_id, name, language in session.execute(named.where(Member.id.in_(ids))).all():
            with force_locale(language or current_app.config["LOCALES"][0]):
                _queue(session, member_id, name, ring, changed[member_id], now)


def queue_ring_changed(session: Session, former: str, present: str, *, language: str, now: datetime) -> None:
    """Queue a mail to both addresses of the ring, where answers of members go, if it is another one now.

    Call inside write_transaction().
    """
    if former == present:
        return
    ring = session.scalar(select(Ring.name)) or "Ringbuch"
    with force_locale(language):
        subject = _("The e-mail address of %(ring)s was changed", ring=ring)
        happened = _(
            "the address to which questions and answers of members go was changed. This mail goes to both addresses."
        )
        body = address_body(ring, happened)
    for number, address in enumerate(filter(None, (former, present))):
        key = f"ring-address-changed:{int(now.timestamp())}:{number}"
        queue_mail(session, key=key, to_address=address, to_name=ring, subject=subject, body=body, now=now)


def _queue(session: Session, member_id: int, name: str, ring: str, pair: tuple[str, str], now: datetime) -> None:
    subject = _("The e-mail address of %(member)s at %(ring)s was changed", member=name, ring=ring)
    happened = _("the e-mail address in the member's record was changed. This mail goes to both addresses.")
    body = address_body(name, happened)
    for number, address in enumerate(filter(None, pair)):
        key = f"contact-changed:{member_id}:{int(now.timestamp())}:{number}"
        queue_mail(session, key=key, to_address=address, to_name=name, subject=subject, body=body, now=now)
