"""/costs/pools/<id>/shares/file: shares of many members from a file, looked at first, then entered from a day on."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import DateField, HiddenField
from wtforms.validators import ValidationError

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.background.deferral import deferred
from app.clock import now
from app.extensions import db
from app.forms.required import Required
from app.imports.columns import SHARES
from app.imports.errors import EncodingUnclear, SheetUnclear, TableError
from app.imports.history import last_import
from app.imports.lengths import is_long
from app.imports.mapping import Choice
from app.imports.reading import Answers, Reading, read_file
from app.imports.report import CHANGED, ENTERED, REFUSED
from app.imports.shares import SharesReport, run_shares
from app.imports.shares_back import kind_of
from app.pages.costs import bp
from app.pages.costs.desk import today
from app.pages.declaration import GET_POST, page
from app.pages.imports import presenter as import_presenter
from app.pages.imports.forms import UploadForm
from app.wording.errors import sentence_of
from billing import queries
from billing.errors.money_errors import WrongPeriod
from billing.limits import require_day
from booking.kernel.errors import DomainError

ROWS_SHOWN = 200
ORDER = (REFUSED, CHANGED, ENTERED)


class SharesFileForm(UploadForm):
    """A file of shares and the day from which they hold. encoding and sheet: answers to questions about the file."""

    valid_from = DateField(_l("From"), [Required(_l("Please enter the day from which the shares hold."))])
    encoding = HiddenField()
    sheet = HiddenField()

    @property
    def is_confirmed(self) -> bool:
        """Whether the preview was seen and confirmed."""
        return "confirm" in request.form

    def validate_valid_from(self, field: DateField) -> None:
        """Refuse a year that cannot be meant."""
        if field.data is None:
            return
        try:
            require_day("valid_from", field.data)
        except WrongPeriod as error:
            raise ValidationError(sentence_of(error)) from error

    def day(self) -> date:
        """Return the first day. Call only after validation."""
        assert self.valid_from.data
        return self.valid_from.data

    def answers(self) -> Answers:
        """Return how to read the file: columns that are no shares are left out."""
        return Answers(self.encoding.data or "", self.sheet.data or "", Choice(leaves_out_unknown=True))


@page(
    bp,
    "/pools/<int:pool_id>/shares/file",
    methods=GET_POST,
    access=Access(treasurer=ALL),
    keeps_input=True,
    is_expensive=True,
)
def shares_file(pool_id: int) -> ResponseReturnValue:
    """Show what a file of shares would change, and enter it once that was seen: all rows or none."""
    form = SharesFileForm()
    queries.pool(db.session(), pool_id)
    if not form.is_submitted():
        form.valid_from.data = today()
        return _page(pool_id, form, 200)
    if not form.validate():
        return _page(pool_id, form, 422)
    content = form.content()
    if task := deferred(is_long=is_long("shares", content)):
        return task
    try:
        reading = read_file("shares", SHARES, content, form.answers())
    except TableError as error:
        return _unclear(pool_id, form, content, error)
    try:
        result = _run(pool_id, form, reading)
    except DomainError as refusal:
        form.form_errors.append(sentence_of(refusal))
        return _page(pool_id, form, 409)
    if form.is_confirmed and result.report.is_clean():
        stored = result.report.count(ENTERED) + result.report.count(CHANGED)
        flash(
            ngettext(
                "The shares of %(num)s member were entered.", "The shares of %(num)s members were entered.", stored
            )
        )
        return redirect(url_for(".shares", pool_id=pool_id), code=303)
    return _preview(pool_id, form, content, reading, result)


def _run(pool_id: int, form: SharesFileForm, reading: Reading) -> SharesReport:
    return run_shares(
        db.session(),
        pool_id,
        reading.table,
        form.day(),
        by=current_actor(),
        now=now(),
        dry_run=not form.is_confirmed,
    )


def _preview(
    pool_id: int, form: SharesFileForm, content: bytes, reading: Reading, result: SharesReport
) -> ResponseReturnValue:
    rows = [row for outcome in ORDER for row in result.report.rows if row.outcome == outcome]
    return _page(
        pool_id,
        form,
        200 if result.report.is_clean() else 422,
        upload=UploadForm.packed(content),
        result=result,
        rows=rows[:ROWS_SHOWN],
        more=max(len(rows) - ROWS_SHOWN, 0),
        left_out=[column.header for column in reading.columns if not column.field],
    )


def _unclear(pool_id: int, form: SharesFileForm, content: bytes, error: TableError) -> ResponseReturnValue:
    """Return the page with the question about a file, or with the reason why it cannot be read."""
    asked: dict[str, Any] = {}
    if isinstance(error, EncodingUnclear):
        asked = {"asks_for": "encoding", "choices": import_presenter.readings(error)}
    elif isinstance(error, SheetUnclear):
        asked = {"asks_for": "sheet", "choices": import_presenter.sheets(error)}
    else:
        form.add_error("file", str(error))
        return _page(pool_id, form, 422)
    return _page(pool_id, form, 422, upload=UploadForm.packed(content), question=str(error), **asked)


def _page(pool_id: int, form: SharesFileForm, status: int, **shown: Any) -> ResponseReturnValue:
    return render_template(
        "costs/share_file.html",
        form=form,
        pool=queries.pool(db.session(), pool_id),
        known_columns=SHARES.joined(SHARES.fields),
        has_last=last_import(db.session(), kind_of(pool_id)) is not None,
        **shown,
    ), status
