"""/invoices/statements: which statements can be issued for some days, with sums; then all of them, each numbered."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from wtforms import DateField
from wtforms.validators import ValidationError

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.background.deferral import deferred, is_carried_out
from app.documents import runs
from app.extensions import db
from app.forms.period_form import PeriodForm
from app.pages.declaration import POST, page
from app.pages.invoices import bp
from app.pages.invoices.forms import StatementRunForm
from app.pages.invoices.run import flash_changed
from app.wording.rules import violation_sentence
from billing.allocations.periods import Period
from billing.errors.document_errors import InvoicesChanged, StatementRefused
from billing.period_names import last_over
from billing.queries.periods import period_settings
from billing.statements.issued_statements import are_many, drafts_after, require_over, statement_drafts, sums_of
from booking.queries import member_names

PER_PAGE = 50
SUMMED_MAX = 250  # members; of more, the sums are shown when they are asked for
TREASURERS = Access(treasurer=ALL)


class OverForm(PeriodForm):
    """Days that can be stated: the last one has come."""

    def validate_until(self, field: DateField) -> None:
        """Refuse a last day before the first, or to come."""
        super().validate_until(field)
        try:
            if self.since.data and field.data:
                require_over((self.since.data, field.data), runs.today())
        except StatementRefused as refusal:
            raise ValidationError(" ".join(map(violation_sentence, refusal.violations))) from refusal


@page(bp, "/statements", access=TREASURERS)
def statements() -> ResponseReturnValue:
    """Show which statements can be issued: ?from=&until=, else of the last period that is over."""
    return _statements_page(StatementRunForm(formdata=None))


@page(bp, "/statements", methods=POST, endpoint="state_all", access=TREASURERS, keeps_input=True)
def state_all() -> ResponseReturnValue:
    """Issue what was seen of ?from=&until=, each in a transaction of its own: a run that is interrupted goes on."""
    form, period = StatementRunForm(), _period()
    if period.errors or not form.validate_on_submit():
        form.status = 422
        return _statements_page(form)
    session, seen, days = db.session(), form.seen.data or "", period.period
    if not is_carried_out():  # the worker goes on with what was confirmed
        try:
            count = runs.confirm_statements(session, seen, days, current_actor())
        except InvoicesChanged as refusal:
            form.show_refusal(refusal)
            form.status = 409
            return _statements_page(form)
        if task := deferred(is_long=count > runs.AT_ONCE):
            return task
    result = runs.issue_statements(session, seen, days, current_actor())
    flash(ngettext("%(num)s statement was issued.", "%(num)s statements were issued.", result.documents))
    flash_changed(result)
    return redirect(url_for(".index", kind="statement"), code=303)


def _statements_page(form: StatementRunForm) -> ResponseReturnValue:
    session, period = db.session(), _period()
    days = _last_over() if period.errors else period.period
    after, sums = _last_shown(), None
    found = drafts_after(session, days, after, limit=PER_PAGE + 1) if after else []
    if not found and (_are_summed() or form.is_submitted()):  # a form that was refused shows what it was about
        found, after = list(statement_drafts(session, days).values()), 0
        sums = sums_of(found, days)
        form.seen.data = sums.digest
    elif not found:
        found, after = drafts_after(session, days, 0, limit=PER_PAGE + 1), 0
    shown = found[:PER_PAGE]
    return render_template(
        "invoices/statements.html",
        form=form,
        period=period,
        days=days,
        sums=sums,
        shown=shown,
        members={name.id: name for name in member_names(session, {one.member_id for one in shown})},
        after=after,
        next_after=shown[-1].member_id if len(found) > PER_PAGE else None,
    ), (422 if period.errors else form.status)


def _are_summed() -> bool:
    """Return whether all statements are added up on the first page: of few members at once, of more with ?sums=1."""
    return "sums" in request.args or not are_many(db.session(), SUMMED_MAX)


def _last_shown() -> int:
    """Return ?after=, the member at the end of the page before; 0 on the first one, and where a form was refused."""
    text = request.args.get("after", "")
    return int(text) if request.method == "GET" and text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _period() -> PeriodForm:
    """Return the days of the address, checked; without any, those of the last period that is over."""
    if "from" in request.args or "until" in request.args:
        period = OverForm(formdata=request.args)
        period.validate()
        return period
    period = OverForm(formdata=None)
    period.since.data, period.until.data = _last_over()
    return period


def _last_over() -> Period:
    span = last_over(runs.today(), period_settings(db.session()).length)
    return span.first_day, span.last_day
