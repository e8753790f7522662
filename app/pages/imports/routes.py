"""/admin/import/members, /machines and /reservations: choose a file, answer questions, look at it, store it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.background.deferral import deferred
from app.clock import now
from app.extensions import db
from app.imports import KINDS, Report, TableError, import_table, preview_table
from app.imports.errors import ColumnsUnclear, DayOrderUnclear, EncodingUnclear, SheetUnclear
from app.imports.history import last_import
from app.imports.leavers import fingerprint
from app.imports.lengths import is_long
from app.imports.memory import remember, remembered_choices
from app.imports.reading import Answers, Reading, read_file
from app.pages.declaration import GET_POST, POST, page
from app.pages.imports import bp, presenter
from app.pages.imports.forms import UploadForm, hidden_fields, sent_answers
from booking.kernel import progress
from booking.kernel.transaction import write_transaction

INVALID = 422
LOOKING_PER_CENT = 40  # of the time that storing members takes


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: the kind of table, the form with the file, its bytes, and the answers about it."""

    kind: str
    form: UploadForm
    content: bytes
    answers: Answers


@page(bp, "/<kind>", methods=GET_POST, access=Access(admin=ALL), keeps_input=True, is_expensive=True)
def preview(kind: str) -> ResponseReturnValue:
    """Show what would become of each row of a file, and store nothing."""
    form = _form(kind)
    if not form.is_submitted():
        return _page(kind, form), 200
    if not form.validate():
        return _page(kind, form), INVALID
    sent = Sent(kind, form, form.content(), sent_answers())
    if task := deferred(is_long=is_long(kind, sent.content)):
        return task
    try:
        reading = _read(sent)
    except TableError as error:
        return _unclear(sent, error)
    report = preview_table(db.session(), kind, reading.table, by=current_actor(), now=now())
    return _result(sent, reading, report)


@page(bp, "/<kind>/store", methods=POST, access=Access(admin=ALL), needs_confirmation=True, is_expensive=True)
def store(kind: str) -> ResponseReturnValue:
    """Store the previewed table, all of it or nothing; then remember what was chosen about its columns."""
    form = _form(kind)
    if not form.validate():
        return _page(kind, form), INVALID
    sent = Sent(kind, form, form.content(), sent_answers())
    if task := deferred(is_long=is_long(kind, sent.content)):
        return task
    try:
        reading = _read(sent)
    except TableError as error:
        return _unclear(sent, error)
    if kind == "members":  # the only kind with last days
        with progress.part(0, LOOKING_PER_CENT):
            report = preview_table(db.session(), kind, reading.table, by=current_actor(), now=now())
        if report.is_clean() and fingerprint(report.leavers) != request.form.get("confirms_leavers", ""):
            return _result(sent, reading, report, asks_again=True)
    with progress.part(LOOKING_PER_CENT if kind == "members" else 0, 100):
        report = import_table(db.session(), kind, reading.table, by=current_actor(), now=now())
    if not report.is_clean():
        return _result(sent, reading, report)
    _remember(kind, reading)
    stored = report.count("entered") + report.count("changed")
    flash(ngettext("%(num)s row was stored.", "%(num)s rows were stored.", stored))
    if report.outside:
        flash(_("Reservations lie outside the changed rules now."), "warning")
        return redirect(url_for("workshop.list_outside"), code=303)
    return redirect(url_for(".preview", kind=kind), code=303)


def _form(kind: str) -> UploadForm:
    if kind not in KINDS:
        abort(404)
    return UploadForm()


def _read(sent: Sent) -> Reading:
    remembered = remembered_choices(db.session(), sent.kind)
    return read_file(sent.kind, KINDS[sent.kind].columns, sent.content, sent.answers, remembered)


def _remember(kind: str, reading: Reading) -> None:
    if reading.to_remember is not None:
        session = db.session()
        with write_transaction(session):
            remember(session, kind, reading.shape, reading.to_remember, now=now())


def _result(sent: Sent, reading: Reading, report: Report, *, asks_again: bool = False) -> ResponseReturnValue:
    """Return the page with the outcome of each row. asks_again: it was not confirmed who leaves."""
    html = _page(
        sent.kind,
        sent.form,
        sent,
        report=report,
        leavers_fingerprint=fingerprint(report.leavers),
        asks_again=asks_again,
        columns=presenter.of_reading(db.session(), sent.kind, reading),
        rows=presenter.rows_view(report, request.form.get("rows", "")),
        clears_empty=sent.answers.clears_empty,
        lost_zeros=presenter.lost_zeros(report),
        is_remembered=reading.is_remembered and sent.answers.choice.is_empty,
        answers=list(hidden_fields(sent.answers)),
        answers_without_empty=list(hidden_fields(sent.answers, "clears_empty")),
        answers_without_zeros=list(hidden_fields(sent.answers, "lost_zeros")),
        answers_without_columns=list(hidden_fields(sent.answers, "columns")),
    )
    return html, INVALID if asks_again or not report.is_clean() else 200


def _unclear(sent: Sent, error: TableError) -> ResponseReturnValue:
    """Return the page with the question about a file, or with the reason why it cannot be read."""
    asked: dict[str, Any] = {"question": str(error)}
    if isinstance(error, EncodingUnclear):
        asked |= {"asks_for": "encoding", "choices": presenter.readings(error)}
    elif isinstance(error, SheetUnclear):
        asked |= {"asks_for": "sheet", "choices": presenter.sheets(error)}
    elif isinstance(error, DayOrderUnclear):
        asked |= {"asks_for": "day_order", "choices": presenter.day_orders(error)}
    elif isinstance(error, ColumnsUnclear):
        asked |= {"columns": presenter.of_question(db.session(), sent.kind, error, sent.answers)}
        asked |= {"answers_without_columns": list(hidden_fields(sent.answers, "columns"))}
    else:
        sent.form.file.errors = [str(error)]
        return _page(sent.kind, sent.form), INVALID
    asked["answers"] = list(hidden_fields(sent.answers, str(asked.get("asks_for", "columns"))))
    return _page(sent.kind, sent.form, sent, **asked), INVALID


def _page(kind: str, form: UploadForm, sent: Sent | None = None, **shown: Any) -> str:
    titles = {
        "members": _("Import members"),
        "machines": _("Import machines"),
        "reservations": _("Import reservations"),
    }
    columns = KINDS[kind].columns
    if sent:
        form.file.data = None  # the hidden field carries it on, so nobody needs to choose it again
    return render_template(
        "imports/preview.html",
        kind=kind,
        title=titles[kind],
        form=form,
        upload=UploadForm.packed(sent.content) if sent else "",
        last=last_import(db.session(), kind),
        known_columns=columns.joined(),
        needed=columns.joined(columns.required),
        key=columns.header(columns.required[0]),
        **shown,
    )
