"""Mails about logins: invitation, new password, second factor. Links come from BASE_URL alone.

A disabled login gets none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.auth.one_use_links import NewLink
from app.mail.links import absolute
from app.mail.outbox import queue_mail
from booking.models import Ring

SWITCHED_ON, SWITCHED_OFF, RESET = "on", "off", "reset"  # what happened to a second factor


def queue_invitation(session: Session, user_id: int, link: NewLink, *, now: datetime, days: int) -> None:
    """Queue the mail with the link of an invitation. Call inside write_transaction()."""
    user, ring = _owner(session, user_id)
    with force_locale(user.language):
        subject = _("Your access to %(ring)s", ring=ring)
        body = _(
            "Hello %(name)s,\n\n"
            "%(ring)s invites you to its reservation book. Choose your password here:\n\n"
            "%(address)s\n\n"
            "The link works once, within %(days)s days. If it has ended, ask an administrator for a new one.\n",
            name=user.name,
            ring=ring,
            address=absolute(f"/invitation/{link.secret}"),
            days=days,
        )
    _write(session, link.mail_key, user, subject, body, now, link_ends_at=link.ends_at)


def queue_password_link(session: Session, user_id: int, link: NewLink, *, now: datetime, minutes: int) -> None:
    """Queue the mail with a link for a new password. Call inside write_transaction()."""
    user, ring = _owner(session, user_id)
    with force_locale(user.language):
        subject = _("A new password for %(ring)s", ring=ring)
        body = _(
            "Hello %(name)s,\n\n"
            "somebody, most likely you, asked for a new password. Choose it here:\n\n"
            "%(address)s\n\n"
            "The link works once, within %(minutes)s minutes. "
            "If it was not you, there is nothing to do: your password stays as it is.\n",
            name=user.name,
            address=absolute(f"/password/new/{link.secret}"),
            minutes=minutes,
        )
    _write(session, link.mail_key, user, subject, body, now, link_ends_at=link.ends_at, is_urgent=True)


def queue_password_changed(session: Session, user_id: int, *, now: datetime) -> None:
    """Queue a mail to the owner of a login whose password was changed. Call inside write_transaction()."""
    user, ring = _owner(session, user_id)
    with force_locale(user.language):
        subject = _("Your password for %(ring)s was changed", ring=ring)
        body = _(
            "Hello %(name)s,\n\n"
            "your password was changed and every device was logged out.\n\n"
            "If it was not you, choose a new one now:\n\n%(address)s\n",
            name=user.name,
            address=absolute("/password/forgotten"),
        )
    _write(session, f"password-changed:{user_id}:{int(now.timestamp())}", user, subject, body, now)


def queue_second_factor_change(session: Session, user_id: int, what: str, *, now: datetime) -> None:
    """Queue a mail to the owner of a login about a change of its second factor. Call inside write_transaction()."""
    user, ring = _owner(session, user_id)
    with force_locale(user.language):
        subject, happened = {
            SWITCHED_ON: (
                _("Your second factor for %(ring)s is on", ring=ring),
                _(
                    "from now on you need a code in addition to your password to log in. "
                    "Your other devices were logged out."
                ),
            ),
            SWITCHED_OFF: (
                _("Your second factor for %(ring)s is off", ring=ring),
                _("your second factor was switched off. From now on you log in with your password alone."),
            ),
            RESET: (
                _("Your second factor for %(ring)s was reset", ring=ring),
                _(
                    "an administrator reset your second factor, and every device was logged out. From now on "
                    "you log in with your password alone. Please set up a new second factor."
                ),
            ),
        }[what]
        body = _second_factor_body(user.name, happened)
    _write(session, f"second-factor-{what}:{user_id}:{int(now.timestamp())}", user, subject, body, now)


def queue_recovery_code_used(session: Session, user_id: int, codes_left: int, *, now: datetime) -> None:
    """Queue a mail to the owner of a login about a used recovery code. Call inside write_transaction()."""
    user, ring = _owner(session, user_id)
    with force_locale(user.language):
        subject = _("A recovery code for %(ring)s was used", ring=ring)
        happened = ngettext(
            "somebody, most likely you, used one of your recovery codes. %(num)s code is left.",
            "somebody, most likely you, used one of your recovery codes. %(num)s codes are left.",
            codes_left,
        )
        body = _second_factor_body(user.name, happened)
    _write(session, f"recovery-code:{user_id}:{codes_left}:{int(now.timestamp())}", user, subject, body, now)


def _second_factor_body(name: str, happened: str) -> str:
    return _(
        "Hello %(name)s,\n\n"
        "%(happened)s\n\n"
        "If it was not you, choose a new password now and tell an administrator:\n\n%(address)s\n",
        name=name,
        happened=happened,
        address=absolute("/password/forgotten"),
    )


def _owner(session: Session, user_id: int) -> tuple[User, str]:
    user = session.get_one(User, user_id)
    return user, session.scalar(select(Ring.name)) or "Ringbuch"


def _write(session: Session, key: str, user: User, subject: str, body: str, now: datetime, **more: Any) -> None:
    if user.disabled_at is not None:
        return
    queue_mail(session, key=key, to_address=user.email, to_name=user.name, subject=subject, body=body, now=now, **more)
