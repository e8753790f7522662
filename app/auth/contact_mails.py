"""Mails to the former and the new e-mail address of members, however their record was changed, and of the ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.auth import mails
from app.auth.mails import address_body
from app.auth.models import User
from app.mail.outbox import queue_mail
from billing.models import Party
from booking.models import Member, Ring
from booking.records.deletions import chunks

Pair = tuple[str, str]  # the former and the present address


def queue_changed(session: Session, addresses: Mapping[int, Pair], *, now: datetime) -> None:
    """Queue a mail to both addresses of each member whose address is another one now, in the language of its login.

    addresses: former and present one, by the id of the member. Call inside write_transaction().
    """
    _queue_changed(
        session,
        addresses,
        "contact-changed",
        lambda: _("the e-mail address in the member's record was changed. This mail goes to both addresses."),
        now,
    )


@contextmanager
def of_documents(session: Session, party_id: int, *, now: datetime) -> Iterator[None]:
    """Queue a mail to both addresses where the change inside makes documents of a member go to another address.

    Call inside write_transaction(). The ring (party RING) gets no documents.
    """
    former = _document_address(session, party_id)
    yield
    pair = former, _document_address(session, party_id)
    _queue_changed(
        session,
        {party_id: pair},
        "documents-address-changed",
        lambda: _(
            "invoices and other documents go to another e-mail address from now on. This mail goes to both addresses."
        ),
        now,
    )


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
        key = f"ring-address-changed:{mails.change_key(former, present, now)}:{number}"
        queue_mail(session, key=key, to_address=address, to_name=ring, subject=subject, body=body, now=now)


def _document_address(session: Session, member_id: int) -> str:
    of_documents = select(Party.document_email).where(Party.member_id == member_id).scalar_subquery()
    found = select(func.coalesce(func.nullif(of_documents, ""), Member.email)).where(Member.id == member_id)
    return session.scalar(found) or ""


def _queue_changed(
    session: Session, addresses: Mapping[int, Pair], key: str, happened: Callable[[], str], now: datetime
) -> None:
    changed = {member_id: pair for member_id, pair in addresses.items() if pair[0] != pair[1]}
    if not changed:
        return
    ring = session.scalar(select(Ring.name)) or "Ringbuch"
    of_member = and_(User.member_id == Member.id, User.disabled_at.is_(None))
    named = select(Member.id, Member.name, func.min(User.language)).outerjoin(User, of_member).group_by(Member.id)
    for ids in chunks(changed):
        for member_id, name, language in session.execute(named.where(Member.id.in_(ids))).all():
            with force_locale(language or current_app.config["LOCALES"][0]):
                pair = changed[member_id]
                mail_key = f"{key}:{member_id}:{mails.change_key(*pair, now)}"
                _queue(session, mail_key, name, ring, happened(), pair, now)


def _queue(session: Session, key: str, name: str, ring: str, happened: str, pair: Pair, now: datetime) -> None:
    subject = _("The e-mail address of %(member)s at %(ring)s was changed", member=name, ring=ring)
    body = address_body(name, happened)
    for number, address in enumerate(filter(None, pair)):
        queue_mail(
            session, key=f"{key}:{number}", to_address=address, to_name=name, subject=subject, body=body, now=now
        )
