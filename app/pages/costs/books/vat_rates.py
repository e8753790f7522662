"""/costs/vat-rates: the rates of VAT by date."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.books.party_forms import RateForm
from app.pages.costs.desk import today
from app.pages.declaration import GET_POST, page
from app.wording.parties import VAT_CODE_LABELS, format_percent
from billing.charges import rate_entry
from billing.parties import vat_rates as billing_rates


@page(
    bp,
    "/vat-rates",
    methods=GET_POST,
    access={"GET": Access(treasurer=ALL, admin=ALL), "POST": Access(treasurer=ALL)},
    keeps_input=True,
)
def vat_rates() -> ResponseReturnValue:
    """List the rates; enter one, or correct that of the same first day."""
    session, form = db.session(), RateForm()
    entered = submit(
        form,
        lambda: _enter(form, now()),
        message=_("The rate was entered. Documents keep the rates they were issued with."),
        location=url_for(".vat_rates"),
    )
    if entered:
        return entered
    rates = billing_rates.rates(session)
    return render_template(
        "costs/vat_rates.html",
        form=form,
        rates={code: [rate for rate in rates if rate.code == code] for code in billing_rates.CODES},
        labels=VAT_CODE_LABELS,
        format_percent=format_percent,
        today=today(),
        may_change=permissions.may("costs.vat_rates", "POST"),
    ), form.status


def _enter(form: RateForm, instant: datetime) -> None:
    """Enter a rate; what waited for it gets its price."""
    session, by = db.session(), current_actor()
    rate_entry.enter_rate(session, form.entry(), confirms=form.confirms, by=by, now=instant)
