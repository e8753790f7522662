"""/approvals/undo: take back what was just approved or declined, while nothing came after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import flash, get_template_attribute, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.pages.approvals import bp
from app.pages.approvals.forms import Chosen, read_decided, read_filter, sign_decided
from app.pages.declaration import POST, page
from app.web import unknown_outcome
from app.web.redirects import safe_next
from app.wording.errors import sentence_of
from booking.kernel.errors import DomainError, OutcomeUnknown, Unavailable
from booking.kernel.transaction import in_write_transaction
from booking.reservations import decisions


def flash_decided(sentence: str, undo: Sequence[Chosen], instant: datetime, *, is_complete: bool) -> None:
    """Put the sentence about decisions on the next page, with the button that takes them back where all can be."""
    if not is_complete:
        flash(sentence)
        return
    token = sign_decided(current_user.id, undo, instant)
    only = read_filter(request.args).as_arguments()
    back = request.form.get("back", "")
    decided = get_template_attribute("approvals/_decided.html", "decided")
    flash(decided(sentence, token, only, back), "undo")


def address_after() -> str:
    """Return the page on which the decision was made."""
    back = request.form.get("back", "")
    if back == "today":
        return url_for("today.show")
    if back.startswith(url_for("plan.show")):
        return safe_next(back)
    return url_for("approvals.index", **read_filter(request.args).as_arguments())


@page(bp, "/undo", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def take_back() -> ResponseReturnValue:
    """Take back the decisions of a signed field, each in a transaction of its own."""
    instant = now()
    decided = read_decided(request.form.get("decided", ""), current_user.id, instant)
    if not decided:
        flash(_("It is too late to take this back here. Open the reservation to change it."), "warning")
        return redirect(address_after(), code=303)
    refused = _take_back_all(decided, instant)
    for sentence in refused:
        flash(sentence, "warning")
    if count := len(decided) - len(refused):
        flash(
            ngettext(
                "Taken back: the request waits again. The member gets an e-mail.",
                "Taken back: %(num)s requests wait again. The members get an e-mail.",
                count,
            )
        )
    return redirect(address_after(), code=303)


def _take_back_all(decided: Sequence[Chosen], instant: datetime) -> list[str]:
    """Take back one after the other; return why some could not be. Raises Unavailable."""
    refused = []
    for number, one in enumerate(decided):
        try:
            if sentence := _refusal(one, instant):
                refused.append(sentence)
        except Unavailable as fault:
            if number:
                seconds = fault.facts["retry_after_seconds"]
                unknown_outcome.note(OutcomeUnknown(retry_after_seconds=seconds))  # some are taken back
            raise
    return refused


def _refusal(one: Chosen, instant: datetime) -> str:
    """Take one decision back; return why it could not be, or ""."""
    session, by = db.session(), current_actor()
    view = lookups.reservation(one.reservation_id)
    try:
        in_write_transaction(
            session,
            lambda: decisions.take_back(session, one.reservation_id, by=by, now=instant, revision=one.revision),
        )
    except Unavailable:
        raise
    except DomainError as refusal:
        names = {"machine": view.machine_name, "member": view.member_name, "reason": sentence_of(refusal)}
        return _("Not taken back: %(machine)s for %(member)s. %(reason)s", **names)
    return ""
