"""/invoices/sending: what was not sent yet, by e-mail at once, or as one PDF to print; and sending one document."""

from __future__ import annotations

from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.background.deferral import deferred, is_carried_out, offered
from app.clock import now
from app.documents.printing import printed_together
from app.documents.sendings import failed_sendings
from app.exports.files import attached
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import POST, page
from app.pages.invoices import bp
from app.pages.invoices.forms import SendAllForm, SendForm
from app.pages.invoices.routes import document_page
from app.web.paging import page_number
from billing.documents.sending import MAIL, PRINT, ready_ids, send, unknown_count, unsent, unsent_sums
from billing.errors.document_errors import AlreadySent, FileNotMade
from billing.errors.money_errors import MemberWithoutEmail
from booking.kernel.progress import tracked
from booking.kernel.transaction import in_write_transaction
from booking.queries import member_names

PER_PAGE = 50
AT_ONCE = 20  # more are sent, or put together, in the background
TREASURERS = Access(treasurer=ALL)
PDF = "application/pdf"


@page(bp, "/sending", access=TREASURERS)
def sending() -> ResponseReturnValue:
    """Show which documents were not sent: those that an e-mail reaches, and those that have to be printed."""
    return _sending_page()


@page(bp, "/sending/mail", methods=POST, access=TREASURERS)
def send_all() -> ResponseReturnValue:
    """Send what was shown by e-mail, each in a transaction of its own: what was not reached is sent by the next run."""
    return _carry_out(MAIL)


@page(bp, "/sending/printed", methods=POST, access=TREASURERS)
def mark_printed() -> ResponseReturnValue:
    """Record that what was shown was printed, so that it is not sent again."""
    return _carry_out(PRINT)


@page(bp, "/sending/file.pdf", access=TREASURERS)
def print_unsent() -> ResponseReturnValue:
    """Return all documents that no e-mail reaches as one PDF, in the order of their numbers."""
    ids = ready_ids(db.session(), PRINT)
    if task := offered(is_long=len(ids) > AT_ONCE):
        return task
    if not ids:
        flash(_("Nothing is left to print."))
        return redirect(url_for(".sending"), code=303)
    return attached(printed_together(db.session(), ids), PDF, f"{_('Invoices').lower()}.pdf")


@page(bp, "/<int:document_id>/send", methods=POST, access=TREASURERS)
def send_one(document_id: int) -> ResponseReturnValue:
    """Send one document by e-mail; of two clicks, one does."""
    return _record_one(document_id, MAIL, _("The document is sent by e-mail."))


@page(bp, "/<int:document_id>/printed", methods=POST, access=TREASURERS)
def mark_one_printed(document_id: int) -> ResponseReturnValue:
    """Record that one document was printed, where its mail did not reach the member; of two clicks, one does."""
    return _record_one(document_id, PRINT, _("The document counts as printed."))


def _record_one(document_id: int, way: str, message: str) -> ResponseReturnValue:
    form = SendForm()
    recorded = submit(
        form,
        lambda: send(db.session(), document_id, way, after=form.after.data or 0, by=current_actor(), now=now()),
        message=message,
        location=url_for(".show", document_id=document_id),
    )
    return recorded or document_page(document_id, send_form=form)


def _carry_out(way: str) -> ResponseReturnValue:
    form, session = SendAllForm(), db.session()
    if not form.validate_on_submit():
        form.status = 422
        return _sending_page(form)
    wanted = form.wanted()
    ready = [one for one in ready_ids(session, way) if one in wanted]
    # The worker goes on with what was looked at, however much of it is sent already.
    if len(ready) != len(wanted) and not is_carried_out():
        form.form_errors.append(_("What can be sent has changed since you looked. Please look once more."))
        form.status = 409
        return _sending_page(form)
    if task := deferred(is_long=len(ready) > AT_ONCE):
        return task
    count = sum(_send(document_id, way) for document_id in tracked(ready, len(ready)))
    if way == MAIL:
        flash(ngettext("%(num)s document is sent by e-mail.", "%(num)s documents are sent by e-mail.", count))
    else:
        flash(ngettext("%(num)s document counts as printed.", "%(num)s documents count as printed.", count))
    return redirect(url_for(".sending"), code=303)


def _send(document_id: int, way: str) -> int:
    """Send a document; return 0 where another treasurer was first, or its address is gone."""
    session, by, instant = db.session(), current_actor(), now()
    try:
        in_write_transaction(session, partial(send, session, document_id, way, by=by, now=instant))
    except (AlreadySent, FileNotMade, MemberWithoutEmail):
        return 0
    return 1


def _sending_page(sent: SendAllForm | None = None) -> ResponseReturnValue:
    session = db.session()
    number = page_number()
    shown, has_next = unsent(session, limit=PER_PAGE, offset=(number - 1) * PER_PAGE, printed_first=True)
    sums = unsent_sums(session)
    return render_template(
        "invoices/sending.html",
        by_mail=sums.get(MAIL),
        by_post=sums.get(PRINT),
        mail_form=SendAllForm.of(ready_ids(session, MAIL)),
        print_form=SendAllForm.of(ready_ids(session, PRINT)),
        refused=sent,
        shown=shown,
        failed=failed_sendings(session),
        unknown=unknown_count(session),
        members={name.id: name for name in member_names(session, {one.member_id for one in shown})},
        page=number,
        has_next=has_next,
    ), sent.status if sent else 200
