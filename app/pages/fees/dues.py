"""/fees/dues: membership dues of all members of some price classes; shown before they are posted."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, page
from app.pages.fees import bp
from app.pages.fees.forms import DuesForm
from app.wording.errors import sentence_of, status_of
from app.wording.formats import as_zone
from billing.fees import dues as billing_dues
from billing.fees.dues import DuesPreview
from billing.fees.posting import DUES
from booking.kernel.errors import DomainError
from booking.queries import MemberName, member_names
from booking.queries.price_classes import price_classes
from booking.times.wall_clock import local_day

SHOW = "show"  # the button that shows who would owe what, and stores nothing
NAMED_MAX = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview with the names of those who would owe, the first NAMED_MAX of them."""

    preview: DuesPreview
    names: tuple[MemberName, ...]


@page(bp, "/dues", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def dues() -> ResponseReturnValue:
    """Show who would owe dues, or post them."""
    form = DuesForm()
    form.offer(price_classes(db.session()))
    if not form.is_submitted():
        form.propose(local_day(now(), as_zone(None)))
        return _page(form, None)
    if SHOW in request.form:
        return _page(form, _preview(form))
    posted = submit(
        form,
        lambda: _post(form),
        message=_("The dues are posted. Each member gets an e-mail and sees them in the balance."),
        location=url_for(".index", kind=DUES),
    )
    return posted or _page(form, _preview(form, keeps_status=True))


def _post(form: DuesForm) -> DuesPreview:
    return billing_dues.post_dues(
        db.session(), form.entry(), by=current_actor(), now=now(), digest=form.seen.data or ""
    )


def _preview(form: DuesForm, *, keeps_status: bool = False) -> Shown | None:
    """Return who would owe dues; None with the reason in the form. keeps_status: of what was refused before."""
    if not keeps_status and not form.validate():
        form.status = 422
        return None
    if form.errors:
        return None
    session = db.session()
    try:
        preview = billing_dues.preview_dues(session, form.entry())
    except DomainError as refusal:
        if not keeps_status:
            form.form_errors.append(sentence_of(refusal))
            form.status = status_of(refusal)
        return None
    form.seen.data = preview.digest
    return Shown(preview, member_names(session, preview.member_ids[:NAMED_MAX]))


def _page(form: DuesForm, shown: Shown | None) -> ResponseReturnValue:
    return render_template("fees/dues.html", form=form, shown=shown, show=SHOW), form.status
