"""Error code -> words. Every code of the domain has a title and a sentence here; a test sees to it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.rules import rule_name, taken_sentence, violation_sentence
from booking.kernel.errors import DomainError

__all__ = [
    "http_texts",
    "page_texts",
    "rule_name",
    "sentence_of",
    "taken_sentence",
    "title_of",
    "violation_sentence",
]

SERVER_FAULT = 500

TITLES: dict[str, Any] = {
    "busy": _l("The ring is busy"),
    "database_unreachable": _l("The ring cannot be reached"),
    "disk_full": _l("No room left"),
    "database_read_only": _l("Only reading is possible"),
    "database_corrupt": _l("The ring's records are damaged"),
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
    "wrong_code": _l("Not the right code"),
    "log_in_expired": _l("Please log in again"),
    "second_factor_changed": _l("Somebody was faster"),
    "second_factor_missing": _l("A second factor is missing"),
    "own_second_factor": _l("This is your own second factor"),
    "too_many_attempts": _l("Too many attempts"),
    "link_not_valid": _l("This link no longer works"),
    "email_taken": _l("Address in use"),
    "last_administrator": _l("The last administrator"),
    "login_not_found": _l("No such login"),
    "not_your_workshop": _l("Not your workshop"),
    "already_manages": _l("Manages it already"),
    "weak_password": _l("Choose another password"),
    "already_set_up": _l("The ring is set up"),
    "nothing_used": _l("No key to divide by"),
    "nothing_to_allocate": _l("Nothing to divide"),
    "mixed_units": _l("Different units"),
    "stale_preview": _l("The figures have changed"),
    "already_reversed": _l("Already reversed"),
    "cost_allocated": _l("Already divided"),
    "unknown_kind": _l("No such kind of cost"),
    "kind_in_use": _l("Costs of this kind are waiting"),
    "wrong_amount": _l("This figure is not possible"),
    "wrong_text": _l("This text is not possible"),
    "wrong_period": _l("This period is not possible"),
    "too_many_rows": _l("Too long for a workbook"),
    "name_taken": _l("Name in use"),
    "tariff_in_use": _l("Uses are already priced"),
    "not_handed_back": _l("Still out"),
    "already_charged": _l("Somebody was faster"),
    "tariff_not_found": _l("No such tariff"),
    "pool_not_found": _l("No such cost pool"),
    "cost_not_found": _l("No such cost"),
    "allocation_not_found": _l("No such allocation"),
    "feed_not_found": _l("No such calendar subscription"),
    "too_many_feeds": _l("Too many calendar subscriptions"),
    "not_for_feeds": _l("Not as a calendar subscription"),
}

SENTENCES: dict[str, Any] = {
    "busy": _l("Too many people are writing at once. Nothing was stored; please try again in a moment."),
    "database_unreachable": _l("The database does not answer. Nothing was stored; please try again in a moment."),
    "disk_full": _l(
        "The disk of the ring is full. Nothing was stored; looking things up still works. "
        "Whoever looks after the program has to make room; please try again later."
    ),
    "database_read_only": _l(
        "The database can only be read at present. Nothing was stored; looking things up still works. "
        "Whoever looks after the program has to make it writable again; please try again later."
    ),
    "database_corrupt": _l(
        "The database is damaged. Nothing was stored. Please tell whoever looks after the program: "
        "the last backup has to be restored."
    ),
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
    "wrong_code": _l("This code is wrong or was used already. Try the next one, or check your phone's clock."),
    "log_in_expired": _l("The log-in took too long or was finished elsewhere. Please begin again."),
    "second_factor_changed": _l("Your second factor was switched on or off meanwhile. Look at how it stands now."),
    "second_factor_missing": _l(
        "The ring requires a second factor of treasurers and administrators. Log in and set it up first."
    ),
    "own_second_factor": _l("Switch your own second factor off in your account, with password and code."),
    "too_many_attempts": _l("Too many attempts of late. Please wait a while and try again."),
    "link_not_valid": _l("Each link works once and for a limited time. Ask for a new one."),
    "email_taken": _l("Another login has this e-mail address already."),
    "last_administrator": _l("The ring needs an administrator who can log in. Name another one first."),
    "login_not_found": _l("Nobody logs in with this address."),
    "not_your_workshop": _l("Only a manager of a workshop names deputies for it."),
    "already_manages": _l("This login manages the workshop already."),
    "weak_password": _l("This password is too short, too long, or easy to guess."),
    "already_set_up": _l("The set-up was done and is closed."),
    "nothing_used": _l("There are costs to divide, but in this period nobody used the machine or held a share."),
    "nothing_to_allocate": _l("No cost of this period is waiting. Enter costs, or choose another period."),
    "mixed_units": _l("The slips of this period count in different units, which cannot be added up."),
    "stale_preview": _l(
        "Costs, slips or shares changed since the preview was made. Nothing was posted; look at the new figures."
    ),
    "already_reversed": _l("This allocation was reversed before, or is a reversal itself."),
    "cost_allocated": _l(
        "This cost stands in an allocation. Reverse the allocation to correct it; once allocated it is never deleted."
    ),
    "unknown_kind": _l("The pool has no such kind of cost. Choose one of its kinds, or add it to the pool."),
    "kind_in_use": _l("Costs of a kind that you took out are waiting to be divided. Give them another kind first."),
    "wrong_amount": _l("A figure is zero, negative or larger than the books can hold."),
    "wrong_text": _l("A text is missing or too long."),
    "wrong_period": _l("The period ends before it starts, is longer than ten years, or lies too far away."),
    "too_many_rows": _l("A workbook holds about a million rows at most. Take CSV instead, or a shorter period."),
    "name_taken": _l("Another cost pool has this name already."),
    "tariff_in_use": _l(
        "Uses were already priced within this tariff's time. Enter a new tariff and have them priced anew."
    ),
    "not_handed_back": _l("The machine is still out; the slip has no amount yet."),
    "already_charged": _l("The slip was priced at this very moment. Look at its price."),
    "tariff_not_found": _l("This tariff does not exist."),
    "pool_not_found": _l("This cost pool does not exist."),
    "cost_not_found": _l("This cost does not exist."),
    "allocation_not_found": _l("This allocation does not exist, or you bear no part of it."),
    "feed_not_found": _l("This calendar subscription does not exist, or has ended."),
    "too_many_feeds": _l("You have as many calendar subscriptions as one login may. End one that you no longer use."),
    "not_for_feeds": _l("Machines and workshops can be subscribed to as busy times only; your own need a member."),
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
    ours = (_("Something went wrong"), _("We noted it. Nothing was half-stored; please try again."))
    return texts.get(status, texts[422] if status < SERVER_FAULT else ours)


def page_texts(status: int, *, upload_mb: int) -> tuple[str, str]:
    """The same for a person before a page, who knows no requests and no addresses. upload_mb: the largest file."""
    texts = {
        400: (
            _("That did not work"),
            _("What arrived is incomplete or damaged. Open the page again and try once more."),
        ),
        405: (
            _("Not to be opened directly"),
            _("This address belongs to a button. Go to its page and press it there."),
        ),
        413: (_("Too large"), _("The file is larger than the ring accepts: at most %(size)s MB.", size=upload_mb)),
    }
    return texts.get(status) or http_texts(status)
