"""/costs/exports: the files of postings that were made, making one after a preview, and what DATEV needs for it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.models import User
from app.auth.permissions import ALL, OWN, Access
from app.background.deferral import deferred, offered
from app.clock import now
from app.exports.figures import FIGURES, FILE_NAME, MEMBERS, SQLITE, figures_file
from app.exports.files import CSV, ROWS_AT_ONCE, XLSX, attached
from app.exports.postings import made_file
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.books.export_forms import DatevTermsForm, ExportChoiceForm, MakeExportForm
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.accounting_periods import period_label
from app.wording.actors import actor_label
from app.wording.posting_exports import CHOICES, KIND_LABELS, SUBJECT_LABELS, problem_sentence, unknown_vat_sentence
from billing.models import PostingExport
from billing.period_names import named_period
from billing.posting_exports.batch_rows import rows_of_unknown_vat
from billing.posting_exports.recording import content_of_export, posting_export, record_export, require_exportable
from billing.posting_exports.selection import ExportPreview, newest_exports, posted_years, preview_export
from billing.posting_exports.terms import change_datev_terms, datev_terms

READERS, TREASURERS = Access(treasurer=ALL, admin=ALL), Access(treasurer=ALL)


@page(bp, "/exports", access=READERS)
def exports() -> ResponseReturnValue:
    """List the files of postings that were made, the newest first; above it, what the next one shall hold."""
    return _exports_page()


@page(bp, "/exports/new", access=TREASURERS, is_expensive=True)
def new_export() -> ResponseReturnValue:
    """Show what a file would hold: ?what=datev&year=2026&month=3, with &again=1 also what is in a file already."""
    if not request.args.get("year"):
        return redirect(url_for(".exports"), code=303)  # where one chooses what to export
    form = MakeExportForm(formdata=None)
    form.what.data = request.args.get("what", "")
    form.period.data = _period_name(request.args.get("year", ""), request.args.get("month", ""))
    form.again.data = request.args.get("again", "")
    return _preview_page(form)


@page(bp, "/exports/new", methods=POST, endpoint="make_export", access=TREASURERS, is_expensive=True)
def make_export() -> ResponseReturnValue:
    """Make the file as it was shown, record it and keep it; where that takes longer, the worker does."""
    form, session, instant = MakeExportForm(), db.session(), now()
    if not form.validate_on_submit():  # no page sends that: a part of it was cut off
        form.status = 422
        return _exports_page(form)
    preview = _previewed(form)
    file_format = CHOICES[form.what.data or ""][1]
    if task := deferred(is_long=preview.lines > ROWS_AT_ONCE[file_format]):
        return task
    content: list[Any] = []

    def make() -> None:
        require_exportable(preview, form.digest.data or "")
        content[:] = made_file(session, preview, file_format, now=instant)

    made = submit(
        form,
        lambda: record_export(session, preview, content[1], content[0], by=current_actor(), now=instant),
        message=_("The file is made and recorded."),
        location=lambda export_id: url_for(".show_export", export_id=export_id),
        first=make,
    )
    return made or _preview_page(form)


@page(bp, "/exports/<int:export_id>", access=READERS)
def show_export(export_id: int) -> ResponseReturnValue:
    """Show one file that was made: when, by whom, what it holds."""
    found = posting_export(db.session(), export_id)
    return render_template("costs/export.html", export=found, makers=_makers([found]), kinds=KIND_LABELS)


@page(bp, "/exports/<int:export_id>/file.bin", access=READERS)
def download_export(export_id: int) -> ResponseReturnValue:
    """Return the file that was made then, byte for byte."""
    found = posting_export(db.session(), export_id)
    media_type = XLSX if found.file_name.endswith("xlsx") else CSV
    return attached(io.BytesIO(content_of_export(db.session(), export_id)), media_type, found.file_name)


@page(bp, "/exports/figures", access=READERS)
def whole_ring() -> ResponseReturnValue:
    """Say what is in the SQLite file of the whole ring, with the button that makes it."""
    return render_template("costs/figures.html", figures=FIGURES, members=MEMBERS)


@page(bp, "/exports/figures/file.db", access=Access(treasurer=OWN, admin=ALL))
def download_figures() -> ResponseReturnValue:
    """Return the figures of the whole ring as one SQLite file; the worker makes it.

    A treasurer gets what billing needs to know of members.
    """
    if task := offered(is_long=True):
        return task
    file = figures_file(db.session(), today(), has_all_of_members=permissions.reaches_all())
    return attached(file, SQLITE, FILE_NAME)


@page(bp, "/exports/datev", methods=GET_POST, access=TREASURERS, keeps_input=True)
def datev_settings() -> ResponseReturnValue:
    """State what a tax adviser states once for all DATEV files."""
    session, form = db.session(), _stored()
    if request.method == "POST":
        form = DatevTermsForm()
        saved = submit(
            form,
            lambda: change_datev_terms(
                session,
                form.entry(),
                by=current_actor(),
                now=now(),
                revision=form.revision.data,
                are_written_again=bool(form.are_written_again.data),
            ),
            message=_("The details for DATEV were saved. Files that were made stay as they are."),
            location=url_for(".exports"),
            stored=_stored,
        )
        if saved:
            return saved
    return render_template("costs/datev_settings.html", form=form), form.status


def _exports_page(refused: MakeExportForm | None = None) -> ResponseReturnValue:
    session = db.session()
    rows, has_next = newest_exports(session, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/exports.html",
        rows=rows,
        has_next=has_next,
        page=page_number(),
        form=ExportChoiceForm.of(posted_years(session), request.args.get("period", ""), today()),
        makers=_makers(rows),
        kinds=KIND_LABELS,
        refused=refused,
    ), refused.status if refused else 200


def _stored() -> DatevTermsForm:
    return DatevTermsForm.of(*datev_terms(db.session()))


def _period_name(year: str, month: str) -> str:
    return f"{year}-{month.zfill(2)}" if month else year


def _previewed(form: MakeExportForm) -> ExportPreview:
    """Return what the form asks for. Raises PeriodNotFound."""
    kind = CHOICES[form.what.data or ""][0]
    period = named_period(form.period.data or "")
    return preview_export(db.session(), kind, period, is_again=bool(form.again.data))


def _preview_page(form: MakeExportForm) -> ResponseReturnValue:
    if form.what.data not in CHOICES:  # an address that was made up
        form.what.data = next(iter(CHOICES))
    preview = _previewed(form)
    form.digest.data = preview.digest
    return render_template(
        "costs/export_preview.html",
        form=form,
        preview=preview,
        label=period_label(preview.period.name),
        problem_sentence=problem_sentence,
        unknown_vat=unknown_vat_sentence(unknown) if (unknown := rows_of_unknown_vat(db.session(), preview)) else "",
        subjects=SUBJECT_LABELS,
    ), form.status


def _makers(rows: Sequence[PostingExport]) -> dict[int, str]:
    """Return export id -> who made it."""
    ids = {row.made_by for row in rows if row.made_by is not None}
    found = db.session().execute(select(User.id, User.name).where(User.id.in_(ids)))
    names = {user_id: name for user_id, name in found}  # noqa: C416 - rows, not pairs
    return {
        row.id: actor_label(names.get(row.made_by or 0), "terminal" if row.made_by is None else None, row.made_by)
        for row in rows
    }
