"""/costs/pools/<id>/shares/file/take-back: undo the last file of shares of a pool as a whole."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.imports.shares_back import shares_back, take_back_shares
from app.pages.costs import bp
from app.pages.declaration import GET_POST, page
from app.pages.imports.taking_back import TakeBackForm
from app.wording.errors import sentence_of, status_of
from billing import queries
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction


@page(bp, "/pools/<int:pool_id>/shares/file/take-back", methods=GET_POST, access=Access(treasurer=ALL))
def take_back_shares_file(pool_id: int) -> ResponseReturnValue:
    """Show what would become of each member's shares, or take the file back as a whole."""
    session, form, by = db.session(), TakeBackForm(), current_actor()
    pool = queries.pool(session, pool_id)
    seen = form.instant() if form.is_submitted() else None
    status = 422 if form.is_submitted() else 200
    if form.is_submitted() and form.validate() and seen is not None:
        try:
            in_write_transaction(session, lambda: take_back_shares(session, pool_id, seen, by=by, now=now()))
        except DomainError as refusal:
            form.form_errors.append(sentence_of(refusal))
            status = status_of(refusal)
        else:
            flash(_("The file of shares was taken back."))
            return redirect(url_for(".shares", pool_id=pool_id), code=303)
    found = shares_back(session, pool_id)
    if found is not None:
        form.stored_at.data = found.last.stored_at.isoformat()
    return render_template("costs/shares_take_back.html", form=form, found=found, pool=pool), status
