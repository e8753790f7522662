"""/costs/ledger/chart: SKR03 or SKR04, and the number of each account."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import Regexp

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.books.export_forms import WrittenAgainMixin
from app.pages.declaration import POST, page
from app.wording.ledger import account_label
from billing.ledger.chart import CHARTS, Numbers, change_chart
from billing.queries.ledger import ChartView, chart_view

CHART_CHOICES = [select_choice(code, code.upper()) for code in CHARTS]
DIGITS = Regexp(r"^[0-9]{4,8}$", message=_l("An account number has 4 to 8 digits."))


class ChartForm(WrittenAgainMixin, RevisionMixin, BaseForm):
    """The chart of the ring; _form_for() adds two numbers for each account."""

    chart = SelectField(_l("Chart of accounts"), choices=CHART_CHOICES)

    def numbers(self, view: ChartView) -> Numbers:
        """Return the numbers that were entered."""
        return {
            one.code: (self[f"skr03-{one.code}"].data.strip(), self[f"skr04-{one.code}"].data.strip())
            for one in view.accounts
        }


@page(bp, "/ledger/chart", access=Access(treasurer=ALL, admin=ALL))
def chart() -> ResponseReturnValue:
    """Show the chart of accounts with the numbers in SKR03 and SKR04."""
    view = chart_view(db.session())
    numbers = {f"skr03-{one.code}": one.skr03 for one in view.accounts}
    numbers |= {f"skr04-{one.code}": one.skr04 for one in view.accounts}
    data = {"chart": view.chart, "revision": view.revision, **numbers}
    return _chart_page(view, _form_for(view)(formdata=None, data=data))


@page(bp, "/ledger/chart", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def store_chart() -> ResponseReturnValue:
    """Choose the chart and change the numbers of accounts."""
    session = db.session()
    view = chart_view(session)
    form = _form_for(view)()
    stored = submit(
        form,
        lambda: change_chart(
            session,
            form.chart.data,
            form.numbers(view),
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
            are_written_again=bool(form.are_written_again.data),
        ),
        message=_("The account numbers are stored. The change is in the event log."),
        location=url_for(".chart"),
    )
    return stored or _chart_page(view, form)


def _form_for(view: ChartView) -> type[ChartForm]:
    fields: dict[str, Any] = {}
    for one in view.accounts:
        for code in CHARTS:
            label = f"{account_label(one.code)}, {code.upper()}"
            fields[f"{code}-{one.code}"] = StringField(
                label, [Required(_l("Please enter the account number.")), DIGITS]
            )
    return type("ChartFormOfAccounts", (ChartForm,), fields)


def _chart_page(view: ChartView, form: ChartForm) -> ResponseReturnValue:
    return render_template("costs/chart.html", form=form, view=view, account_label=account_label), form.status
