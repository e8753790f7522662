"""/account/bank: where invoices to my member go, and its bank account."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import EmailField, StringField
from wtforms.validators import Length, Optional

from app.auth import contact_mails
from app.auth.current_login import current_actor
from app.auth.permissions import OWN, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.submit import submit
from app.forms.text_fields import text_of
from app.pages.account import bp
from app.pages.declaration import GET_POST, page
from app.wording.parties import PARTY_FIELDS
from billing.parties import party
from billing.parties.bank_details import spaced_iban
from billing.parties.party import LENGTHS_MAX


class BankForm(BaseForm):
    """What a member keeps itself of its billing details."""

    document_email = EmailField(PARTY_FIELDS["document_email"], [Optional(), Length(max=LENGTHS_MAX["document_email"])])
    iban = StringField(PARTY_FIELDS["iban"], [Length(max=LENGTHS_MAX["iban"] + 20)], render_kw={"spellcheck": "false"})


@page(bp, "/bank", methods=GET_POST, access=Access(member=OWN), keeps_input=True, needs_confirmation=True)
def bank() -> ResponseReturnValue:
    """Change where invoices to my member go, and its bank account."""
    session, member_id = db.session(), current_user.member_id
    stored = party.party(session, member_id)
    form = BankForm(document_email=stored.document_email, iban=spaced_iban(stored.iban))
    changed = submit(
        form,
        lambda: _change(member_id, text_of(form.iban), text_of(form.document_email)),
        message=_("Your details for invoices were saved."),
        location=url_for(".show"),
    )
    return changed or (render_template("account/bank.html", form=form), form.status)


def _change(member_id: int, iban: str, document_email: str) -> None:
    session, instant = db.session(), now()
    with contact_mails.of_documents(session, member_id, now=instant):
        party.change_own(session, member_id, iban=iban, document_email=document_email, by=current_actor(), now=instant)
