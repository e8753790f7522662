"""/costs/pools/<id>/budget: what a pool is expected to cost in a year, beside what was entered."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.bills.recurring_form import BudgetForm
from app.pages.costs.desk import today
from app.pages.declaration import GET_POST, page
from billing import queries
from billing.limits import FIRST_DAY, LAST_DAY
from billing.pools.budgets import set_budget
from billing.queries.budgets import budgets_of_year


@page(bp, "/pools/<int:pool_id>/budget", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def budget(pool_id: int) -> ResponseReturnValue:
    """Enter the budget of a pool for a year (?year=)."""
    session, year = db.session(), _asked_year()
    view = queries.pool(session, pool_id)
    form = BudgetForm() if request.method == "POST" else _stored_form(pool_id, year)
    stored = submit(
        form,
        lambda: set_budget(
            session, pool_id, year, form.cents_by_kind(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The budget was stored."),
        location=url_for(".pool", pool_id=pool_id, year=year),
    )
    (of_year,) = budgets_of_year(session, year, pool_id=pool_id)
    actual = {line.kind: line.actual_cents for line in of_year.lines}
    return stored or (
        render_template("costs/budget.html", form=form, pool=view, year=year, actual=actual),
        form.status,
    )


def _asked_year() -> int:
    asked = request.args.get("year", type=int) or today().year
    return min(max(asked, FIRST_DAY.year), LAST_DAY.year)


def _stored_form(pool_id: int, year: int) -> BudgetForm:
    session, form = db.session(), BudgetForm(formdata=None)
    view = queries.pool(session, pool_id)
    (of_year,) = budgets_of_year(session, year, pool_id=pool_id)
    form.fill(of_year, view.rules, view.revision)
    return form
