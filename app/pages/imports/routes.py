"""/admin/import/members, /machines and /reservations: choose a file, look at what would happen, store it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.imports import KINDS, Report, TableError, import_table, preview_table, read
from app.pages.declaration import GET_POST, POST, page
from app.pages.imports import bp

ROWS_SHOWN = 500


class FileForm(FlaskForm):
    """A file at first; afterwards its text, so that exactly the previewed table is stored."""

    file = FileField(_l("CSV file"))
    text = TextAreaField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.flags.required = True  # where it is shown, it is needed

    def content(self) -> bytes:
        """Return what was sent, as bytes."""
        return self.file.data.read() if self.file.data else (self.text.data or "").encode()


@page(bp, "/<kind>", methods=GET_POST, access=Access(admin=ALL))
def preview(kind: str) -> ResponseReturnValue:
    """Show what would become of each row of a file, and store nothing."""
    form = _form(kind)
    if not form.is_submitted():
        return _page(kind, form, None, 200)
    if not form.validate():
        return _page(kind, form, None, 422)
    content = form.content()
    try:
        table = read(kind, content)
    except TableError as error:
        form.file.errors = [str(error)]
        return _page(kind, form, None, 422)
    report = preview_table(db.session(), kind, table, by=current_actor(), now=now())
    form.text.data = content.decode("utf-8-sig", errors="replace") if _is_utf8(content) else content.decode("cp1252")
    return _page(kind, form, report, 200 if report.is_clean() else 422)


@page(bp, "/<kind>/store", methods=POST, access=Access(admin=ALL))
def store(kind: str) -> ResponseReturnValue:
    """Store the previewed table, all of it or nothing."""
    form = _form(kind)
    if not form.validate():
        return _page(kind, form, None, 422)
    try:
        table = read(kind, form.content())
    except TableError as error:
        form.file.errors = [str(error)]
        return _page(kind, form, None, 422)
    report = import_table(db.session(), kind, table, by=current_actor(), now=now())
    if not report.is_clean():
        return _page(kind, form, report, 422)
    stored = report.count("entered") + report.count("changed")
    flash(ngettext("%(num)s row was stored.", "%(num)s rows were stored.", stored))
    return redirect(url_for(".preview", kind=kind), code=303)


def _form(kind: str) -> FileForm:
    if kind not in KINDS:
        abort(404)
    return FileForm()


def _page(kind: str, form: FileForm, report: Report | None, status: int) -> ResponseReturnValue:
    titles = {
        "members": _("Import members"),
        "machines": _("Import machines"),
        "reservations": _("Import reservations"),
    }
    columns = KINDS[kind].columns
    return (
        render_template(
            "imports/preview.html",
            kind=kind,
            title=titles[kind],
            form=form,
            report=report,
            rows_shown=ROWS_SHOWN,
            columns=columns.joined(),
            needed=columns.joined(columns.required),
            key=columns.header(columns.required[0]),
        ),
        status,
    )


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
