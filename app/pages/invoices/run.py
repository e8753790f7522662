"""/invoices/run: what can be invoiced, with sums, and what is missing; then all of it at once, in the background."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.background.deferral import deferred, is_carried_out, offered
from app.clock import now
from app.documents import runs
from app.extensions import db
from app.pages.declaration import POST, page
from app.pages.invoices import bp
from app.pages.invoices.forms import RunForm
from app.web.paging import page_number
from app.wording.documents import PROBLEM_LABELS
from app.wording.formats import as_zone
from billing.documents.drafts import MemberDrafts, drafts, uninvoiced_lines
from billing.documents.runs import RunResult, members_of_run, sums_of
from billing.errors.document_errors import InvoicesChanged
from booking.queries import member_names
from booking.times.wall_clock import local_day

PER_PAGE = 50
# Problem -> the page where it is mended; of a member: its own page.
PLACES = {
    "tax_number": "costs.ring_party",
    "contact": "costs.ring_party",
    "regime": "costs.ring_party",
    "regime_changes": "costs.allocations",
    "ring_address": "costs.parties",
    "vat_code": "invoices.terms",
    "mixed_codes": "costs.allocations",
    "mixed_vat": "invoices.index",
    "rate": "costs.vat_rates",
    "other_vat": "costs.tariffs",
}


@page(bp, "/run", access=Access(treasurer=ALL))
def run() -> ResponseReturnValue:
    """Show what can be invoiced until a day of service: ?until=; of very many lines, the worker prepares it."""
    if task := offered(is_long=uninvoiced_lines(db.session()) > runs.LINES_AT_ONCE):
        return task
    form = RunForm(formdata=None)
    form.until.data = _day(request.args.get("until", "")) or _today()
    return _run_page(form)


@page(bp, "/run", methods=POST, endpoint="issue_all", access=Access(treasurer=ALL), keeps_input=True)
def issue_all() -> ResponseReturnValue:
    """Issue what was seen, each member's in a transaction of its own: a run that is interrupted goes on."""
    form = RunForm()
    if not form.validate_on_submit():
        form.status = 422
        form.until.data = form.until.data or _today()
        return _run_page(form)
    assert form.until.data
    session, seen, until = db.session(), form.seen.data or "", form.until.data
    if task := deferred(is_long=uninvoiced_lines(session) > runs.LINES_AT_ONCE):
        return task
    if not (is_carried_out() and members_of_run(session, seen)):  # else the worker goes on with what was confirmed
        try:
            members = runs.confirm_invoices(session, seen, until, current_actor())
        except InvoicesChanged as refusal:
            form.show_refusal(refusal)
            form.status = 409
            return _run_page(form)
        if task := deferred(is_long=members > runs.AT_ONCE):
            return task
    result = runs.issue_invoices(session, seen, until, current_actor())
    flash(ngettext("%(num)s invoice was issued.", "%(num)s invoices were issued.", result.documents))
    flash_changed(result)
    return redirect(url_for(".index"), code=303)


def flash_changed(result: RunResult) -> None:
    """Tell of how many members something has changed since it was seen: nothing was issued to them."""
    if result.changed:
        flash(
            ngettext(
                "Of %(num)s member something has changed meanwhile: nothing was issued. Please look once more.",
                "Of %(num)s members something has changed meanwhile: nothing was issued. Please look once more.",
                result.changed,
            )
        )


def _run_page(form: RunForm) -> ResponseReturnValue:
    session = db.session()
    found = sorted(drafts(session, form.until.data or _today()).values(), key=lambda one: one.member_id)
    ready, waiting = [one for one in found if one.drafts], [one for one in found if one.problems]
    start = (page_number() - 1) * PER_PAGE
    shown = (waiting + ready)[start : start + PER_PAGE]
    return render_template(
        "invoices/run.html",
        form=form,
        sums=sums_of(ready),
        ready=ready,
        waiting=waiting,
        shown=shown,
        members={name.id: name for name in member_names(session, {one.member_id for one in shown})},
        problems=PROBLEM_LABELS,
        place_of=_place_of,
        page=page_number(),
        has_next=len(found) > start + PER_PAGE,
    ), form.status


def _place_of(problem: str, drafts_of: MemberDrafts) -> str:
    """Return the page where a problem is mended."""
    if problem in PLACES:
        return url_for(PLACES[problem])
    return url_for("costs.member_party", member_id=drafts_of.member_id)


def _today() -> date:
    return local_day(now(), as_zone(None))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
