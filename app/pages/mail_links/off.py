"""/mails/...: mails of a kind are switched off, or on again, by the signed link in each of them.

A link that is only fetched, as by programs that look at mails, changes nothing. A mail program that offers to
unsubscribe sends what RFC 8058 prescribes, and nothing of a page of ours: the signature stands for the token of a form.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import security_log
from app.auth.errors import LinkNotValid
from app.auth.models import User
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import csrf, db, limiter
from app.notifications import (
    cancel_links,
    choices,
    course_links,
    exchange_links,
    off_links,
    offer_links,
    proposal_links,
)
from app.notifications.choices import Owner
from app.notifications.off_links import OffLink
from app.pages.auth.limits import login_limit
from app.pages.declaration import GET_POST, page
from app.pages.mail_links import bp
from app.wording.errors import status_of
from app.wording.mail_kinds import kind_label
from booking.kernel.transaction import in_write_transaction
from booking.models import Member

ANSWERS = (cancel_links, course_links, exchange_links, offer_links, proposal_links)  # links that do something, once
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@csrf.exempt
@page(bp, "/mails/<token>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def choose(token: str) -> ResponseReturnValue:
    """Ask whether mails of a kind shall be switched off; POST switches them off or on."""
    session, link = db.session(), off_links.read(token)
    name = _name_of(session, link.owner) if link is not None else None
    if link is None or name is None:
        raise LinkNotValid()
    if request.method == "POST":
        return _chosen(session, link)
    is_wanted = choices.choices_of(session, link.owner)[link.kind.code]
    label = kind_label(link.kind.code)
    return render_template("mail_links/off.html", form=FlaskForm(), name=name, label=label, is_wanted=is_wanted)


@bp.errorhandler(LinkNotValid)
def link_ended(refusal: LinkNotValid) -> ResponseReturnValue:
    """Show what to do about a link that does not work any more, or never did, which is noted."""
    db.session.rollback()
    secret = (request.view_args or {}).get("secret", "")
    if not any(one.is_known(db.session(), secret) for one in ANSWERS):
        security_log.note(security_log.LINK_REFUSED)
    return render_template("mail_links/ended.html"), status_of(refusal)


def _chosen(session: Session, link: OffLink) -> ResponseReturnValue:
    is_one_click = request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]
    if not is_one_click and not FlaskForm().validate():
        raise CSRFError(_("The form has expired."))
    is_wanted = not is_one_click and request.form.get("wanted") == "1"
    wanted = {link.kind.code: is_wanted}
    in_write_transaction(session, lambda: choices.choose(session, wanted, owner=link.owner, now=now()))
    if is_one_click:  # no redirect (RFC 8058)
        return "", 200
    flash(_("You get these e-mails again.") if is_wanted else _("You no longer get these e-mails."))
    return redirect(request.path, code=303)


def _name_of(session: Session, owner: Owner) -> str | None:
    """Return the name of who chooses; None where it is gone."""
    if owner.user_id is not None:
        return session.scalar(select(User.name).where(User.id == owner.user_id))
    return session.scalar(select(Member.name).where(Member.id == owner.member_id))
