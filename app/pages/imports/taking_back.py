"""/admin/import/<kind>/take-back: what taking back the last import would do, what stands against it, and doing it."""

from __future__ import annotations

from datetime import datetime

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import HiddenField

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.imports import KINDS
from app.imports.taking_back import TakingBack, refusal_sentences, take_back, taking_back
from app.pages.declaration import GET_POST, page
from app.pages.imports import bp
from app.wording.errors import sentence_of, status_of
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction

RECORDS_SHOWN = 50


class TakeBackForm(BaseForm):
    """The confirmation that an import shall be taken back. stored_at: of the import that was shown."""

    stored_at = HiddenField()

    def instant(self) -> datetime | None:
        """Return when the import was stored that was shown; None for what is no instant."""
        try:
            instant = datetime.fromisoformat(self.stored_at.data or "")
        except ValueError:
            return None
        return instant if instant.tzinfo else None


@page(bp, "/<kind>/take-back", methods=GET_POST, access=Access(admin=ALL), needs_confirmation=True)
def take_back_last(kind: str) -> ResponseReturnValue:
    """Show what would become of each record, or take the import back as a whole."""
    if kind not in KINDS:
        abort(404)
    session, form, by = db.session(), TakeBackForm(), current_actor()
    seen = form.instant() if form.is_submitted() else None
    if not form.is_submitted() or not form.validate() or seen is None:
        return _page(kind, form, 422 if form.is_submitted() else 200)
    try:
        in_write_transaction(session, lambda: take_back(session, kind, seen, by=by, now=now()))
    except DomainError as refusal:
        form.form_errors.extend(refusal_sentences(refusal) or [sentence_of(refusal)])
        return _page(kind, form, status_of(refusal))
    flash(_("The import was taken back."))
    return redirect(url_for(".preview", kind=kind), code=303)


def _page(kind: str, form: TakeBackForm, status: int) -> ResponseReturnValue:
    found = taking_back(db.session(), kind)
    if found is not None:
        form.stored_at.data = found.last.stored_at.isoformat()
    return render_template(
        "imports/take_back.html", kind=kind, form=form, found=found, shown=_shown(found), limit=RECORDS_SHOWN
    ), status


def _shown(found: TakingBack | None) -> tuple[object, ...]:
    """Return the records to list: what stands against it, else what would become of them."""
    return () if found is None else (found.obstacles or found.effects)
