"""/invoices: the list and one document with its files. Members see their own."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.documents.composer import TextComposer
from app.documents.making import try_again
from app.documents.sendings import sending_states
from app.extensions import db
from app.forms.submit import submit
from app.forms.year_choice import requested_year
from app.pages.declaration import POST, MenuEntry, page
from app.pages.invoices import bp
from app.pages.invoices.forms import AgainForm, CancelForm, SendForm
from app.pages.invoices.under_way import run_under_way
from app.web.paging import page_number
from app.wording.documents import KIND_LABELS, stored_text
from app.wording.formats import as_zone
from app.wording.parties import format_percent
from billing.documents import issuing
from billing.errors.document_errors import DocumentNotFound
from billing.queries import documents as queries
from billing.queries.documents import STATEMENT
from booking.queries import member_names
from booking.times.wall_clock import local_day

PER_PAGE, LINES, FAILED_SHOWN = 25, 100, 10
SEEN = Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN)
PDF, XML = "application/pdf", "application/xml"


@page(
    bp,
    "",
    access=SEEN,
    menu=MenuEntry(_l("Invoices"), 63, icon="receipt"),
)
def index() -> ResponseReturnValue:
    """List documents, the newest first; ?year=, ?kind=invoice, cancellation or statement."""
    session, all_of_them = db.session(), permissions.reaches_all()
    year, kind = requested_year(), request.args.get("kind", "")
    kind = kind if kind in KIND_LABELS else ""
    under_way = run_under_way(session) if all_of_them else None
    rows, has_next = queries.documents(
        session,
        member_id=None if all_of_them else current_user.member_id,
        year=year,
        kind=kind or None,
        limit=PER_PAGE,
        offset=(page_number() - 1) * PER_PAGE,
    )
    return render_template(
        "invoices/index.html",
        rows=rows,
        members={name.id: name for name in member_names(session, {row.member_id for row in rows})},
        all_of_them=all_of_them,
        years=queries.years_with_documents(session) if all_of_them else (),
        year=year,
        page=page_number(),
        has_next=has_next,
        kinds=KIND_LABELS,
        kind=kind,
        has_statements=queries.has_statements(session, None if all_of_them else current_user.member_id),
        under_way=under_way,
        failed=queries.failed_files(session, limit=FAILED_SHOWN) if all_of_them else (),
    )


@page(bp, "/<int:document_id>", access=SEEN)
def show(document_id: int) -> ResponseReturnValue:
    """Show one document: its lines, its sums, its files."""
    return document_page(document_id)


@page(bp, "/<int:document_id>/file.pdf", access=SEEN)
def download_pdf(document_id: int) -> ResponseReturnValue:
    """Return the PDF of a document, the e-invoice inside."""
    row = _seen(document_id)
    return _file(queries.pdf_of(db.session(), document_id), PDF, f"{row.number}.pdf", document_id)


@page(bp, "/<int:document_id>/file.xml", access=SEEN)
def download_xml(document_id: int) -> ResponseReturnValue:
    """Return the e-invoice of a document alone."""
    row = _seen(document_id)
    return _file(queries.xml_of(db.session(), document_id), XML, f"{row.number}.xml", document_id)


@page(bp, "/<int:document_id>/cancel", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def cancel(document_id: int) -> ResponseReturnValue:
    """Take an invoice back by a correction with the opposite amounts."""
    session, form = db.session(), CancelForm()
    cancelled = submit(
        form,
        lambda: issuing.cancel(
            session,
            document_id,
            TextComposer(session),
            on=local_day(now(), as_zone(None)),
            by=current_actor(),
            now=now(),
        ),
        message=_("The invoice is taken back. Its lines can be invoiced again."),
        location=lambda new_id: url_for(".show", document_id=new_id),
    )
    return cancelled or document_page(document_id, form=form)


@page(bp, "/<int:document_id>/file", methods=POST, endpoint="make_file_again", access=Access(treasurer=ALL))
def make_file_again(document_id: int) -> ResponseReturnValue:
    """Have the file of a document tried at once that could not be made."""
    tried = submit(
        AgainForm(),
        lambda: try_again(db.session(), document_id),
        message=_("The file is tried again; it is here in some seconds, or the new reason."),
        location=url_for(".show", document_id=document_id),
    )
    return tried or document_page(document_id)


def document_page(
    document_id: int, *, form: CancelForm | None = None, send_form: SendForm | None = None
) -> ResponseReturnValue:
    """Return the page of a document, with a form that was refused."""
    session = db.session()
    row = _seen(document_id)
    lines, has_next = queries.document_lines(session, document_id, limit=LINES, offset=(page_number() - 1) * LINES)
    (member,) = member_names(session, [row.member_id])
    others = [each for each in (row.cancels_id, row.cancelled_by_id) if each is not None]
    sent = sending_states(session, document_id, now())
    cancel_form, again_form = form or CancelForm(formdata=None), send_form or SendForm(formdata=None)
    again_form.after.data = len(sent)
    return render_template(
        "invoices/show.html",
        stored_text=stored_text,
        row=row,
        record=queries.document_record(session, document_id),
        groups=queries.document_sums(session, document_id),
        lines=lines,
        stated=queries.statements_of(session, [document_id]).get(document_id) if row.kind == STATEMENT else None,
        failed=queries.failed_file(session, document_id) if permissions.reaches_all() and not row.has_file else None,
        again=AgainForm(formdata=None),
        page=page_number(),
        has_next=has_next,
        member=member,
        form=cancel_form,
        send_form=again_form,
        sent=sent,
        numbers=queries.numbers_of(session, others),
        format_percent=format_percent,
        kinds=KIND_LABELS,
    ), form.status if form else again_form.status


def _seen(document_id: int) -> queries.DocumentRow:
    """Return a document that the present login may see; another's is answered like a missing one."""
    row = queries.document_row(db.session(), document_id)
    permissions.require(member_id=row.member_id, missing=DocumentNotFound(id=document_id))
    return row


def _file(content: bytes | None, media_type: str, name: str, document_id: int) -> ResponseReturnValue:
    if content is None:
        flash(_("The file is being made; it is here in some seconds."))
        return redirect(url_for(".show", document_id=document_id), code=303)
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
