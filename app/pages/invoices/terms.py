"""/invoices/terms: what is said once for all invoices, and the sentences about VAT."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.invoices import bp
from app.pages.invoices.forms import TermsForm, VatTextForm
from app.wording.documents import REASON_LABELS
from billing.documents import terms as billing_terms

TREASURERS = Access(treasurer=ALL)


@page(bp, "/terms", methods=GET_POST, access=TREASURERS, keeps_input=True)
def terms() -> ResponseReturnValue:
    """Say once what holds for all invoices."""
    session, form = db.session(), _stored()
    if request.method == "POST":
        form = TermsForm()
        saved = submit(
            form,
            lambda: billing_terms.change_terms(
                session, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
            ),
            message=_("The terms were saved. Invoices that are issued keep theirs."),
            location=url_for(".index"),
            stored=_stored,
        )
        if saved:
            return saved
    return _terms_page(form, VatTextForm(formdata=None))


@page(bp, "/terms/vat-texts", methods=POST, access=TREASURERS, keeps_input=True)
def enter_vat_text() -> ResponseReturnValue:
    """Enter the sentence about VAT that holds from a day on."""
    session, form = db.session(), VatTextForm()
    entered = submit(
        form,
        lambda: billing_terms.enter_vat_text(
            session,
            form.reason.data,
            form.valid_from.data,  # type: ignore[arg-type]  # required
            form.text.data or "",
            by=current_actor(),
            now=now(),
        ),
        message=_("The sentence was entered."),
        location=url_for(".terms"),
    )
    return entered or _terms_page(_stored(), form)


def _stored() -> TermsForm:
    return TermsForm.of(*billing_terms.terms(db.session()))


def _terms_page(form: TermsForm, text_form: VatTextForm) -> ResponseReturnValue:
    return render_template(
        "invoices/terms.html",
        form=form,
        text_form=text_form,
        texts=billing_terms.vat_texts(db.session()),
        reasons=REASON_LABELS,
    ), text_form.status if text_form.status != 200 else form.status
