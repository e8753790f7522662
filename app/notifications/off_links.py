"""The signed address in a mail by which its recipient switches off mails of its kind, without logging in.

It says whose choice and which kind, and nothing is stored of it: who has the mail may choose, now or in a year.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from app.mail.links import absolute
from app.notifications.choices import Owner
from app.notifications.kinds import OPTIONAL, MailKind
from app.notifications.recipients import Recipient

PATH = "/mails/"
TOKEN_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class OffLink:
    """Whose choice a link changes, and of which kind of mails."""

    kind: MailKind
    owner: Owner


def url_of(to: Recipient, kind: MailKind) -> str:
    """Return the address for a recipient and a kind that can be switched off."""
    return absolute(PATH + token_of(kind, Owner(to.user_id, to.member_id)))


def token_of(kind: MailKind, owner: Owner) -> str:
    """Return the secret part of an address."""
    return str(_serializer().dumps([kind.code, owner.user_id, owner.member_id]))


def read(token: str) -> OffLink | None:
    """Return what a link is for; None where it is none of ours, or its kind cannot be switched off any more."""
    if len(token) > TOKEN_LENGTH_MAX:
        return None
    try:
        code, user_id, member_id = _serializer().loads(token)
    except (BadData, ValueError, TypeError):
        return None
    kind = OPTIONAL.get(code)
    return OffLink(kind, Owner(user_id, member_id)) if kind is not None else None


def _serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]  # the last one signs
    return URLSafeSerializer(keys, salt="mails off")
