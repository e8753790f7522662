"""/workshop/closures/<id>/plan: the plan for the reservations of a broken machine, confirmed with one button."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, page
from app.pages.workshop import bp
from app.pages.workshop.replan_form import PlanPage, ReplanForm, form_for, rows_of, turned_to
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.price_comparison import PriceComparison
from booking import queries, replan
from booking.queries import ClosureView
from booking.replan import Outcome, Plan


@page(
    bp,
    "/closures/<int:closure_id>/plan",
    methods=GET_POST,
    access=Access(manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def plan(closure_id: int) -> ResponseReturnValue:
    """Confirm what becomes of the reservations of a broken machine, all at once."""
    closure, session, instant = lookups.closure(closure_id), db.session(), now()
    if closure.lifted_at is not None or closure.ends_at <= instant:
        flash(_("This closure is over. There is nothing to decide any more."), "warning")
        return redirect(url_for(".index"), code=303)
    if not closure.around_reservations:  # nothing is reserved in its time
        return redirect(url_for(".index"), code=303)
    form = form_for(_plan(session, closure_id, instant))
    if (number := turned_to()) is not None:  # what was chosen on this page stays chosen
        return _page(form, closure, number)
    confirmed = submit(
        form,
        lambda: _confirm(session, form, closure_id),
        message=_("The plan is carried out. Each member who is affected gets one e-mail."),
        location=url_for(".plan", closure_id=closure_id),
    )
    return confirmed or _page(form, lookups.closure(closure_id))


def _plan(session: Session, closure_id: int, instant: datetime) -> Plan:
    is_dearer, lacking = PriceComparison(session), LackingVariants(session)
    return replan.make_plan(session, closure_id, now=instant, is_dearer=is_dearer, lacking=lacking)


def _confirm(session: Session, form: ReplanForm, closure_id: int) -> None:
    form.require_shown_plan()
    replan.confirm(
        session,
        closure_id,
        form.digest.data or "",
        form.decisions(),
        by=current_actor(),
        now=now(),
        is_dearer=PriceComparison(session),
        lacking=LackingVariants(session),
    )


def _page(form: ReplanForm, closure: ClosureView, number: int | None = None) -> ResponseReturnValue:
    """Return a page of the plan. number: None for the first with what has to be looked at again."""
    session, shown = db.session(), PlanPage.of(form, number)
    views = {one.id: one for one in queries.reservations_by_id(session, [one.reservation_id for one in shown.lines])}
    contacts = queries.member_contacts(session, {one.member_id for one in views.values()})
    rendered = render_template(
        "workshop/plan.html",
        form=form,
        closure=closure,
        groups=rows_of(form, shown.lines, views, contacts.__getitem__),
        counts=form.plan.counts,
        page=shown,
        outcomes=Outcome,
        left_out=form.plan.left_out,
    )
    return rendered, form.status
