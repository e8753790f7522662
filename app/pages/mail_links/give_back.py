"""/not-needed/...: the link of a reminder, by which a reservation is cancelled without a log-in.

Opening it shows a page with one button and changes nothing, so that programs that look at the links of mails cancel
nothing. The secret is valid for this reservation alone, once, until it begins.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import IntegerField

from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.forms.base_form import BaseForm
from app.notifications import cancel_links
from app.pages.auth.limits import login_limit
from app.pages.declaration import GET_POST, page
from app.pages.mail_links import bp
from app.pages.reservations.cancelling import cancel_page
from app.wording.errors import sentence_of, status_of
from app.wording.formats import format_span
from booking import queries
from booking.errors.schedule_errors import StaleRevision
from booking.kernel.transaction import in_write_transaction


class GiveBackForm(BaseForm):
    """One button. revision: of the reservation when the page was opened."""

    revision = IntegerField()


@page(bp, "/not-needed/<secret>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def give_back(secret: str) -> ResponseReturnValue:
    """Ask whether the reservation of a reminder shall be cancelled, and cancel it."""
    session, form = db.session(), GiveBackForm()
    link = cancel_links.find(session, secret, now=now())
    view = queries.reservation(session, link.reservation_id)
    if not form.validate_on_submit():
        form.revision.data = view.revision
        return render_template("mail_links/give_back.html", form=form, page=cancel_page(view, now=now()), changed="")
    revision = form.revision.data
    try:
        in_write_transaction(session, lambda: cancel_links.cancel(session, secret, revision=revision, now=now()))
    except StaleRevision as refusal:
        return _changed_page(form, link.reservation_id, refusal)
    machine, span = view.machine_name, format_span(view.span, view.zone)
    flash(_("Cancelled: %(machine)s, %(span)s. The time is free for others again.", machine=machine, span=span))
    return redirect(url_for("home.show"), code=303)


def _changed_page(form: GiveBackForm, reservation_id: int, refusal: StaleRevision) -> ResponseReturnValue:
    """Show the reservation as it is now, because it was changed after the page was opened."""
    view = queries.reservation(db.session(), reservation_id)
    form.revision.raw_data, form.revision.data = None, view.revision
    shown = cancel_page(view, now=now())
    changed = sentence_of(refusal)
    return render_template("mail_links/give_back.html", form=form, page=shown, changed=changed), status_of(refusal)
