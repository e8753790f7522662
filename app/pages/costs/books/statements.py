"""/costs/balances/<id>/statement and one's own at /costs/balance/statement: what was owed before, during and after."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import IntegerField
from wtforms.widgets import HiddenInput

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.documents.composer import TextComposer
from app.documents.statements import statement_pdf
from app.exports.files import page_file
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.period_form import PeriodForm, requested_days
from app.forms.required import NOT_SENT, Required
from app.forms.submit import submit
from app.notifications.statements import send_to_reachable
from app.pages.costs import bp, presenter
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import POST, page
from app.web.paging import page_number
from app.wording.ledger import topic_label
from billing.allocations.periods import accounting_year
from billing.exports.statements import statement_table
from billing.queries import slips_of_charges, statements
from billing.queries.pools import pool_names
from billing.statements.issued_statements import issue_statement
from billing.statements.statements import times_sent


class SendStatementForm(BaseForm):
    """A statement is sent: nothing is typed, the days are in the address. after: how often it was sent when shown."""

    after = IntegerField(widget=HiddenInput(), validators=[Required(NOT_SENT)])


class IssueStatementForm(BaseForm):
    """A statement is issued: nothing is typed, the days are in the address."""


@page(bp, "/balances/<int:member_id>/statement", access=Access(treasurer=ALL, admin=ALL))
def member_statement(member_id: int) -> ResponseReturnValue:
    """Show the statement of a member: ?from=&until=, else of this year."""
    return _statement_page(member_id, is_own=False)


@page(bp, "/balances/<int:member_id>/statement", methods=POST, access=Access(treasurer=ALL))
def mail_statement(member_id: int) -> ResponseReturnValue:
    """Send the statement of ?from=&until= to the member by mail."""
    form, days = SendStatementForm(), requested_days()
    shown: dict[str, Any] = {"from": days[0], "until": days[1]}
    sent = submit(
        form,
        lambda: send_to_reachable(db.session(), member_id, days, after=form.after.data, by=current_actor(), now=now()),
        message=_("The statement is sent by e-mail."),
        location=url_for(".member_statement", member_id=member_id, **shown),
    )
    return sent or _statement_page(member_id, is_own=False, refusals=form)


@page(bp, "/balances/<int:member_id>/statement/issue", methods=POST, access=Access(treasurer=ALL))
def issue_member_statement(member_id: int) -> ResponseReturnValue:
    """Issue the statement of ?from=&until= as a numbered document; the same is never issued twice."""
    form, days, instant, session = IssueStatementForm(), requested_days(), now(), db.session()
    issued = submit(
        form,
        lambda: issue_statement(
            session, member_id, days, TextComposer(session), on=today(), by=current_actor(), now=instant
        ),
        message=_("The statement is issued. Its file is here in some seconds; then it can be sent."),
        location=lambda document_id: url_for("invoices.show", document_id=document_id),
    )
    return issued or _statement_page(member_id, is_own=False, issue_form=form)


@page(
    bp,
    "/balances/<int:member_id>/statement/file.<any(csv, xlsx):file_format>",
    access=Access(treasurer=ALL, admin=ALL),
)
def download_statement(member_id: int, file_format: str) -> ResponseReturnValue:
    """Return all lines of a statement: ?from=&until=."""
    presenter.known_member(db.session(), member_id)
    return page_file(statement_table(db.session(), member_id, requested_days()), file_format)


@page(bp, "/balances/<int:member_id>/statement.pdf", access=Access(treasurer=ALL, admin=ALL), is_expensive=True)
def print_statement(member_id: int) -> ResponseReturnValue:
    """Return the statement of a member as a PDF: ?from=&until=."""
    presenter.known_member(db.session(), member_id)
    return _pdf(member_id)


@page(bp, "/balance/statement.pdf", access=Access(member=OWN, leaver=OWN), is_expensive=True)
def print_my_statement() -> ResponseReturnValue:
    """Return one's own statement as a PDF: ?from=&until=."""
    return _pdf(current_user.member_id)


@page(bp, "/balance/statement", access=Access(member=OWN, leaver=OWN))
def my_statement() -> ResponseReturnValue:
    """Show one's own statement: ?from=&until=, else of this year."""
    return _statement_page(current_user.member_id, is_own=True)


@page(bp, "/balance/statement/file.<any(csv, xlsx):file_format>", access=Access(member=OWN, leaver=OWN))
def download_my_statement(file_format: str) -> ResponseReturnValue:
    """Return all lines of one's own statement: ?from=&until=."""
    return page_file(statement_table(db.session(), current_user.member_id, requested_days()), file_format)


def _pdf(member_id: int) -> ResponseReturnValue:
    of = statements.statement(db.session(), member_id, *requested_days())
    response = Response(statement_pdf(db.session(), of, on=today()), mimetype="application/pdf")
    name = f"{_('Statement')}-{of.first_day}-{of.last_day}.pdf".lower()
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _statement_page(
    member_id: int,
    *,
    is_own: bool,
    refusals: SendStatementForm | None = None,
    issue_form: IssueStatementForm | None = None,
) -> ResponseReturnValue:
    session, period = db.session(), _period()
    member = presenter.known_member(session, member_id)
    days = accounting_year(today()) if period.errors else period.period
    of = statements.statement(session, member_id, *days)
    lines, has_next = statements.statement_lines(session, of, limit=PER_PAGE, offset=offset())
    charge_ids = {line.charge_id for line in lines if line.charge_id is not None}
    form = refusals or SendStatementForm(formdata=None)
    form.after.data = 0 if is_own else times_sent(session, member_id, days)
    return render_template(
        "costs/statement.html",
        member=member,
        is_own=is_own,
        period=period,
        statement=of,
        lines=lines,
        slips=slips_of_charges(session, charge_ids),
        machines=presenter.machine_names(session),
        pool_names=pool_names(session),
        topic_label=topic_label,
        page=page_number(),
        has_next=has_next,
        form=form,
        issue_form=issue_form or IssueStatementForm(formdata=None),
        may_issue=of.last_day <= today(),
        issued=statements.issued_for(session, member_id, *days),
        days={"from": days[0], "until": days[1]},
    ), (422 if period.errors else (refusals or issue_form or form).status)


def _period() -> PeriodForm:
    """Return the days of the address, checked; without any, those of the present year."""
    if "from" in request.args or "until" in request.args:
        period = PeriodForm(formdata=request.args)
        period.validate()
        return period
    period = PeriodForm(formdata=None)
    period.since.data, period.until.data = accounting_year(today())
    return period
