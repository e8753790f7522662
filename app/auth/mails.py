"""Mails about logins: invitation, new password, and changes that may have been made by somebody else.

Links come from BASE_URL alone. A disabled login gets none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask_babel import force_locale, format_date, get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.mail.links import absolute
from app.mail.outbox import queue_mail
from booking.kernel.tokens import hash_of
from booking.models import Ring

if TYPE_CHECKING:  # it imports logins.py, which imports deputies.py, which sends mails
    from app.auth.one_use_links import NewLink

DAY_PATTERNS = {"de": "d. MMMM y"}
SWITCHED_ON, SWITCHED_OFF, RESET, CODES_REPLACED = "on", "off", "reset", "codes"  # what happened to a second factor


def queue_invitation(session: Session, user_id: int, link: NewLink, *, now: datetime, days: int) -> None:
    """Queue the mail with the link of an invitation. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("Your access to %(ring)s", ring=ring)
        body = _(
            "Hello %(name)s,\n\n"
            "%(ring)s invites you to its reservation book. Choose your password here:\n\n"
            "%(address)s\n\n"
            "%(works)s If it has ended, ask an administrator for a new one.\n",
            name=user.name,
            ring=ring,
            address=absolute(f"/invitation/{link.secret}"),
            works=ngettext(
                "The link works once, within %(num)s day.", "The link works once, within %(num)s days.", days
            ),
        )
    write(session, link.mail_key, user, subject, body, now, link_ends_at=link.ends_at)


def queue_password_link(session: Session, user_id: int, link: NewLink, *, now: datetime, minutes: int) -> None:
    """Queue the mail with a link for a new password. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("A new password for %(ring)s", ring=ring)
        body = _(
            "Hello %(name)s,\n\n"
            "somebody, most likely you, asked for a new password. Choose it here:\n\n"
            "%(address)s\n\n"
            "%(works)s If it was not you, there is nothing to do: your password stays as it is.\n",
            name=user.name,
            address=absolute(f"/password/new/{link.secret}"),
            works=ngettext(
                "The link works once, within %(num)s minute.", "The link works once, within %(num)s minutes.", minutes
            ),
        )
    write(session, link.mail_key, user, subject, body, now, link_ends_at=link.ends_at, is_urgent=True)


def queue_password_changed(session: Session, user_id: int, *, now: datetime) -> None:
    """Queue a mail to the owner of a login whose password was changed. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("Your password for %(ring)s was changed", ring=ring)
        body = _(
            "Hello %(name)s,\n\n"
            "your password was changed and every device was logged out.\n\n"
            "If it was not you, choose a new one now:\n\n%(address)s\n",
            name=user.name,
            address=absolute("/password/forgotten"),
        )
    write(session, f"password-changed:{user_id}:{int(now.timestamp())}", user, subject, body, now)


def queue_second_factor_change(session: Session, user_id: int, what: str, *, now: datetime) -> None:
    """Queue a mail to the owner of a login about a change of its second factor. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
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
            CODES_REPLACED: (
                _("New recovery codes for %(ring)s", ring=ring),
                _("new recovery codes were made for your login. The ones before no longer work."),
            ),
        }[what]
        body = _warning_body(user.name, happened)
    write(session, f"second-factor-{what}:{user_id}:{int(now.timestamp())}", user, subject, body, now)


def queue_recovery_code_used(session: Session, user_id: int, codes_left: int, *, now: datetime) -> None:
    """Queue a mail to the owner of a login about a used recovery code. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("A recovery code for %(ring)s was used", ring=ring)
        happened = ngettext(
            "somebody, most likely you, used one of your recovery codes. %(num)s code is left.",
            "somebody, most likely you, used one of your recovery codes. %(num)s codes are left.",
            codes_left,
        )
        body = _warning_body(user.name, happened)
    write(session, f"recovery-code:{user_id}:{codes_left}:{int(now.timestamp())}", user, subject, body, now)


def queue_email_changed(session: Session, user_id: int, former: str, *, now: datetime) -> None:
    """Queue mails to the former and the new address of a login. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    key = f"email-changed:{user_id}:{change_key(former, user.email, now)}"
    with force_locale(user.language):
        subject = _("Your e-mail address for %(ring)s was changed", ring=ring)
        happened = _("from now on you log in with another e-mail address. This one no longer belongs to your login.")
        to_former = address_body(user.name, happened)
        to_new = _warning_body(user.name, _("from now on you log in with this e-mail address."))
    write(session, f"{key}:former", user, subject, to_former, now, to_address=former)
    write(session, f"{key}:new", user, subject, to_new, now)


def change_key(former: str, present: str, now: datetime) -> str:
    """Return what tells one change of an address from another, also of the same second."""
    return f"{int(now.timestamp())}:{hash_of(f'{former} {present}')[:12]}"


def queue_roles_changed(session: Session, user_id: int, *, now: datetime) -> None:
    """Queue a mail to the owner of a login whose roles were changed. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("What you may do in %(ring)s was changed", ring=ring)
        happened = _(
            "the roles of your login were changed. You see them in your account: %(address)s",
            address=absolute("/account"),
        )
        body = _warning_body(user.name, happened)
    write(session, f"roles-changed:{user_id}:{int(now.timestamp())}", user, subject, body, now)


def queue_token_created(session: Session, user_id: int, token_id: int, label: str, *, now: datetime) -> None:
    """Queue a mail to the owner of a login about a new API token. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("A program may act for you in %(ring)s", ring=ring)
        happened = _(
            "a token for a program was made for your login: %(label)s. You can revoke it in your account: %(address)s",
            label=label or _("unnamed"),
            address=absolute("/account/tokens"),
        )
        body = _warning_body(user.name, happened)
    write(session, f"token-created:{token_id}", user, subject, body, now)


def queue_token_ends(
    session: Session, user_id: int, token_id: int, label: str, last_day: date, *, now: datetime
) -> None:
    """Queue a mail to the owner of a login whose API token ends soon; once. Call inside write_transaction()."""
    user, ring = owner_and_ring(session, user_id)
    with force_locale(user.language):
        subject = _("A token for %(ring)s ends on %(day)s", ring=ring, day=long_day(last_day))
        body = _(
            "Hello %(name)s,\n\n"
            "the token with which a program acts for you (%(label)s) ends on %(day)s. From then on the program is "
            "refused.\n\n"
            "If you still use it, make a new token in your account and enter it in the program:\n\n%(address)s\n\n"
            "Otherwise there is nothing to do.\n",
            name=user.name,
            label=label or _("unnamed"),
            day=long_day(last_day),
            address=absolute("/account/tokens"),
        )
    write(session, f"token-ends:{token_id}", user, subject, body, now)


def _warning_body(name: str, happened: str) -> str:
    return _(
        "Hello %(name)s,\n\n"
        "%(happened)s\n\n"
        "If it was not you, choose a new password now and tell an administrator:\n\n%(address)s\n",
        name=name,
        happened=happened,
        address=absolute("/password/forgotten"),
    )


def address_body(name: str, happened: str) -> str:
    """Return the body of a mail about a changed address, for a reader who may not be able to log in any more."""
    return _(
        "Hello %(name)s,\n\n"
        "%(happened)s\n\n"
        "If it was not you, tell an administrator of the ring at once:\n\n%(address)s\n",
        name=name,
        happened=happened,
        address=absolute("/"),
    )


def long_day(day: date) -> str:
    """Return a day with the name of its month, in the language of the mail."""
    return format_date(day, DAY_PATTERNS.get(get_locale().language, "d MMMM y"))


def owner_and_ring(session: Session, user_id: int) -> tuple[User, str]:
    """Return a login and the name of the ring."""
    user = session.get_one(User, user_id)
    return user, session.scalar(select(Ring.name)) or "Ringbuch"


def write(session: Session, key: str, user: User, subject: str, body: str, now: datetime, **more: Any) -> None:
    """Queue a mail to a login. more: further arguments of queue_mail(), such as another address."""
    if user.disabled_at is None:
        to = {"to_address": user.email, "to_name": user.name, "language": user.language, **more}
        queue_mail(session, key=key, subject=subject, body=body, now=now, **to)
