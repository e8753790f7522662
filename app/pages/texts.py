"""Error code -> words. Every code of the domain has a title and a sentence here; a test sees to it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.pages.rule_texts import rule_name, taken_sentence, violation_sentence
from booking.kernel.errors import DomainError

__all__ = [
    "http_texts",
    "rule_name",
    "sentence_of",
    "taken_sentence",
    "title_of",
    "violation_sentence",
]

TITLES: dict[str, Any] = {
    "busy": _l("The ring is busy"),
    "stale_revision": _l("Somebody was faster"),
    "request_refused": _l("Not possible by the rules"),
    "usage_refused": _l("The slip is not complete"),
    "record_refused": _l("Please check what was entered"),
    "slot_taken": _l("Already taken"),
    "wrong_status": _l("No longer possible"),
    "not_found": _l("Not found"),
    "machine_not_found": _l("No such machine"),
    "member_not_found": _l("No such member"),
    "reservation_not_found": _l("No such reservation"),
    "closure_not_found": _l("No such closure"),
    "idempotency_key_reused": _l("This key was used before"),
    "token_read_only": _l("This token may only read"),
    "wrong_credentials": _l("Not logged in"),
    "too_many_attempts": _l("Too many attempts"),
    "link_not_valid": _l("This link no longer works"),
    "email_taken": _l("Address in use"),
    "last_administrator": _l("The last administrator"),
    "login_not_found": _l("No such login"),
    "not_your_workshop": _l("Not your workshop"),
    "already_manages": _l("Manages it already"),
    "weak_password": _l("Choose another password"),
    "already_set_up": _l("The ring is set up"),
}

SENTENCES: dict[str, Any] = {
    "busy": _l("Too many people are writing at once. Nothing was stored; please try again in a moment."),
    "stale_revision": _l("This was changed since you opened it. Look at the present state and decide again."),
    "request_refused": _l("The rules of the ring do not allow this reservation."),
    "usage_refused": _l("The slip cannot be written like this."),
    "record_refused": _l("This cannot be stored as it was entered."),
    "slot_taken": _l("The machine is already taken during part of this time."),
    "wrong_status": _l("The reservation is no longer in a state that allows this."),
    "not_found": _l("There is nothing here, or it is not meant for you."),
    "machine_not_found": _l("This machine does not exist or is no longer lent."),
    "member_not_found": _l("This member does not exist."),
    "reservation_not_found": _l("This reservation does not exist."),
    "closure_not_found": _l("This closure does not exist."),
    "idempotency_key_reused": _l("The Idempotency-Key was sent before with other content. Take a new key."),
    "token_read_only": _l("This API token may look at things and change nothing. Use another token."),
    "wrong_credentials": _l("The e-mail address and the password do not belong together."),
    "too_many_attempts": _l("Too many attempts of late. Please wait a while and try again."),
    "link_not_valid": _l("Each link works once and for a limited time. Ask for a new one."),
    "email_taken": _l("Another login has this e-mail address already."),
    "last_administrator": _l("The ring needs an administrator who can log in. Name another one first."),
    "login_not_found": _l("Nobody logs in with this address."),
    "not_your_workshop": _l("Only a manager of a workshop names deputies for it."),
    "already_manages": _l("This login manages the workshop already."),
    "weak_password": _l("This password is too short, too long, or easy to guess."),
    "already_set_up": _l("The set-up was done and is closed."),
}


def title_of(error: DomainError) -> str:
    """The heading of a refusal."""
    return str(TITLES.get(error.code, error.code))


def sentence_of(error: DomainError) -> str:
    """The refusal in one sentence."""
    return str(SENTENCES.get(error.code, error.code))


def http_texts(status: int) -> tuple[str, str]:
    """Title and sentence for an error of the protocol."""
    texts = {
        400: (_("This request cannot be understood"), _("Go back, reload the page and try again.")),
        401: (_("Please log in"), _("This is only for people who are logged in.")),
        403: (_("Not for your role"), _("Your log-in may not do this. Ask an administrator of the ring.")),
        404: (_("Not found"), _("There is nothing here, or it is not meant for you.")),
        405: (_("Not possible this way"), _("This address does not answer to that kind of request.")),
        413: (_("Too large"), _("The file is larger than the ring accepts.")),
        422: (_("Not as expected"), _("Some of what was sent cannot be taken as it is.")),
        429: (_("Too many attempts"), _("Please wait a minute and try again.")),
    }
    return texts.get(status, (_("Something went wrong"), _("We noted it. Nothing was half-stored; please try again.")))
