"""/workshop/closures/<id>/reservations: what becomes of the reservations of a machine that is closed around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
from app.pages.workshop.decision_form import ROWS_MAX, DecisionForm, Hit
from app.web.paging import page_number
from app.wording.variants import without_text
from billing.tariffs.asked_amounts import LackingVariants
from booking import availability, queries
from booking.closures import breakdown
from booking.closures.breakdown import NOT_JUDGED
from booking.errors.schedule_errors import MachineNotFound
from booking.queries import ClosureView, ReservationView
from booking.reservations.wishes import Wish
from booking.rules.persons import Person
from booking.timespan import TimeSpan


@page(
    bp,
    "/closures/<int:closure_id>/reservations",
    methods=GET_POST,
    access=Access(manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def decide(closure_id: int) -> ResponseReturnValue:
    """Decide on reservations in the span of a closure one by one, with times of one's own; a step aside of its plan."""
    closure, session, instant = lookups.closure(closure_id), db.session(), now()
    if closure.lifted_at is not None or closure.ends_at <= instant:
        flash(_("This closure is over. There is nothing to decide any more."), "warning")
        return redirect(url_for(".index"), code=303)
    form = DecisionForm()
    page = page_number()
    hits = _hits(session, closure, instant, page)
    form.offer(hits, page)
    decided = submit(
        form,
        lambda: breakdown.decide(session, closure_id, form.decisions(), by=current_actor(), now=now()),
        message=_("Your decisions are entered. Each member whose reservation changes gets one e-mail."),
        location=url_for(".plan", closure_id=closure_id),
    )
    return decided or _page(form, lookups.closure(closure_id), hits, page)


def _hits(session: Session, closure: ClosureView, instant: datetime, page: int) -> list[Hit]:
    """Return the reservations that hold the machine in what is left of a closure, in order.

    page: of those to decide on, which get proposals.
    """
    span = TimeSpan(max(closure.starts_at, instant), closure.ends_at)
    views = [view for view in queries.hit_by(session, closure.machine_id, span) if view.is_holding]
    contacts = queries.member_contacts(session, {view.member_id for view in views})
    is_by_day = queries.machine_card(session, closure.machine_id).rules.is_lent_by_day
    found = [
        Hit(
            view,
            contacts[view.member_id],
            is_by_day=is_by_day,
            is_kept=view.is_accepted_since(closure.created_at),
        )
        for view in views
    ]
    undecided = [hit.view for hit in found if hit.is_open][(page - 1) * ROWS_MAX : page * ROWS_MAX]
    later = _later_times(session, closure, undecided, instant)
    twins = _twins(session, closure, undecided, instant)
    return [replace(hit, later=later.get(hit.view.id, ()), twins=twins.get(hit.view.id, {})) for hit in found]


def _twins(
    session: Session, closure: ClosureView, views: list[ReservationView], instant: datetime
) -> dict[int, dict[int, str]]:
    """Return which machines of the group would take each reservation at its time: id -> name, and what it lacks."""
    lacking = LackingVariants(session)
    found = availability.twins_at_their_time(
        session,
        closure.machine_id,
        _wishes(views),
        now=instant,
        ignoring=NOT_JUDGED,
        lacking=lacking,
    )
    return {
        view.id: {one: _named(name, lacking(one, view.starts_at, view.choices)) for one, name in twins}
        for view, twins in zip(views, found, strict=True)
    }


def _named(name: str, lacks: Sequence[str]) -> str:
    return f"{name} ({without_text(lacks)})" if lacks else name


def _wishes(views: list[ReservationView]) -> list[Wish]:
    return [
        Wish(view.machine_id, view.member_id, view.span, view.places, second=_second_of(view), choices=view.choices)
        for view in views
    ]


def _second_of(view: ReservationView) -> Person:
    return Person(view.second_person, view.second_user_id)


def _later_times(
    session: Session, closure: ClosureView, views: list[ReservationView], instant: datetime
) -> dict[int, tuple[TimeSpan, ...]]:
    try:
        found = availability.later_times(session, closure.machine_id, _wishes(views), closure.ends_at, now=instant)
    except MachineNotFound:
        return {}  # retired meanwhile: there is no later time
    return dict(zip([view.id for view in views], found, strict=True))


def _page(form: DecisionForm, closure: ClosureView, hits: list[Hit], number: int) -> ResponseReturnValue:
    page = render_template(
        "workshop/breakdown.html",
        form=form,
        closure=closure,
        out=[hit for hit in hits if hit.is_out],
        kept=[hit for hit in hits if hit.is_kept and not hit.is_out],
        rows=[row for row in form.decision_rows() if row.hit is not None],
        number=number,
        has_next=sum(hit.is_open for hit in hits) > number * ROWS_MAX,
    )
    return page, form.status
