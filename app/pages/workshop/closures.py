"""/workshop/closures: take a machine out of service for a while, and end that early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import END
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.forms import ChangeClosureForm, ClosureForm, NewClosureForm
from app.wording.errors import sentence_of
from booking import queries
from booking.closures import blockings, closure_series
from booking.errors.course_errors import ClosureOfCourse
from booking.errors.schedule_errors import SlotTaken, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.queries import ClosureView, ReservationView
from booking.queries import closure_series as closure_series_queries
from booking.queries.closures import closures_by_id, hit_by_any
from booking.queries.maintenance import MaintenanceView
from booking.times.opening_hours import instant_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

IN_THE_WAY_SHOWN = 50
WORKING_DAY = (8 * 60, 17 * 60)  # minutes of the day, proposed for maintenance
USUAL_LENGTH = timedelta(days=1)  # proposed for a machine that is closed now


@page(bp, "/closures/new", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def close() -> ResponseReturnValue:
    """Close a machine of one's workshop; shows which reservations are in the way."""
    form = NewClosureForm()
    form.offer(presenter.choices_of_machines(db.session()))
    if not form.is_submitted():
        _fill(form)
    closed = submit(form, lambda: _close(form), message=_("Closed for that time."), location=_next_page)
    return closed or _page(form, spans=form.spans() if isinstance(form.refusal, SlotTaken) else [])


@page(
    bp,
    "/closures/<int:closure_id>/change",
    methods=GET_POST,
    access=Access(manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def change_closure(closure_id: int) -> ResponseReturnValue:
    """Change the time or the reason of a closure; a breakdown that takes longer is closed around reservations.

    One that belongs to a course is changed on the page of the course.
    """
    closure, form = lookups.closure(closure_id), ChangeClosureForm()
    if closure.course_id is not None and not form.is_submitted():
        return redirect(url_for("inductions.show", course_id=closure.course_id))
    card = queries.machine_card(db.session(), closure.machine_id)
    form.offer((card,))
    if not form.is_submitted():
        form.fill_in(closure, card)
        form.until.data = END
    changed = submit(
        form, lambda: _change(form, closure_id), message=_("The closure was changed."), location=_next_page
    )
    return changed or _page(form, lookups.closure(closure_id))


@page(bp, "/closures/series/<int:closure_series_id>/lift", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def lift_series(closure_series_id: int) -> ResponseReturnValue:
    """End all closures of a rule that are on or to come."""
    session = db.session()
    lookups.closure_series(closure_series_id)
    by = current_actor()
    count = in_write_transaction(session, lambda: closure_series.lift_all(session, closure_series_id, by=by, now=now()))
    flash(ngettext("%(num)s closure is lifted.", "%(num)s closures are lifted.", count))
    return redirect(url_for(".index"), code=303)


@page(bp, "/closures/<int:closure_id>/lift", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def lift(closure_id: int) -> ResponseReturnValue:
    """End a closure; the machine is free at once."""
    session = db.session()
    lookups.closure(closure_id)
    by = current_actor()
    try:
        in_write_transaction(session, lambda: blockings.lift(session, closure_id, by=by, now=now()))
    except (WrongStatus, ClosureOfCourse) as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The closure is lifted. Reserving is possible again."))
    return redirect(url_for(".index"), code=303)


def _fill(form: ClosureForm) -> None:
    """Fill in the machine of the address; with `now=1` a closure from now until tomorrow, around reservations."""
    form.machine.data = request.args.get("machine")
    if request.args.get("now") == "1" and (chosen := form.chosen()) is not None:
        start = now().replace(second=0, microsecond=0)
        form.fill(TimeSpan(start, start + USUAL_LENGTH), queries.machine_card(db.session(), chosen.id))
        form.around_reservations.data = True
    if (maintenance_id := request.args.get("maintenance", "")).isdecimal() and form.chosen() is not None:
        _fill_maintenance(form, lookups.maintenance(int(maintenance_id[:9])))
    form.until.data = END


def _fill_maintenance(form: ClosureForm, view: MaintenanceView) -> None:
    """Propose the working day on which maintenance by the meter is due, tomorrow at the earliest."""
    tomorrow = local_day(now(), view.zone) + timedelta(days=1)
    day = max(view.due_on or tomorrow, tomorrow)
    since, until = (instant_of(day, minute, view.zone) for minute in WORKING_DAY)
    form.fill(TimeSpan(since, until), queries.machine_card(db.session(), view.machine_id))
    form.reason.data = view.name


def _close(form: NewClosureForm) -> tuple[int, ...]:
    """Enter what the form says; return the ids of the closures, soonest first."""
    span, card = form.span, lookups.managed_machine(form.machine.data)
    assert span is not None  # of a valid form
    if form.series is not None:
        session, reason, around = db.session(), form.reason.data or "", form.around_reservations.data
        series_id = closure_series.close_repeatedly(
            session, card.id, form.series, reason, by=current_actor(), now=now(), around_reservations=around
        )
        return closure_series_queries.closure_series(session, series_id).closure_ids
    closure_id = blockings.close(
        db.session(),
        card.id,
        span,
        form.reason.data or "",
        by=current_actor(),
        now=now(),
        around_reservations=form.around_reservations.data,
    )
    return (closure_id,)


def _change(form: ChangeClosureForm, closure_id: int) -> tuple[int, ...]:
    span = form.span
    assert span is not None  # of a valid form
    assert form.zone is not None
    change = partial(closure_series.change_all, zone=form.zone) if form.all_dates.data else blockings.change
    change(
        db.session(),
        closure_id,
        span,
        form.reason.data or "",
        by=current_actor(),
        now=now(),
        revision=form.revision.data,
        around_reservations=form.around_reservations.data,
    )
    if not form.all_dates.data:
        return (closure_id,)
    return tuple(one for one, _span in closure_series.to_come(db.session(), closure_id, now=now()))


def _spans_of_change(form: ClosureForm, closure_id: int, span: TimeSpan) -> list[TimeSpan]:
    """Return every time that a change would close."""
    if not isinstance(form, ChangeClosureForm) or not form.all_dates.data or form.zone is None:
        return [span]
    found = closure_series.to_come(db.session(), closure_id, now=now())
    return list(closure_series.spans_of_change(found, closure_id, span, form.zone).values())


def _next_page(closure_ids: Sequence[int]) -> str:
    """Return where closures lead to: to the plan for what the first of them hits, or back to the desk."""
    closures = closures_by_id(db.session(), closure_ids)
    undecided = queries.undecided_counts(db.session(), closures, now=now())
    hit = next((closure.id for closure in closures if closure.id in undecided), None)
    return url_for(".index") if hit is None else url_for(".plan", closure_id=hit)


def _page(form: ClosureForm, closure: ClosureView | None = None, spans: Sequence[TimeSpan] = ()) -> ResponseReturnValue:
    """Return the page of a form. spans: of a new closure that is refused because something is in its way."""
    session, card = db.session(), form.chosen()
    is_taken = isinstance(form.refusal, SlotTaken)
    if closure is not None and is_taken and form.span is not None:
        spans = _spans_of_change(form, closure.id, form.span)
    in_the_way: list[ReservationView] = []
    if card is not None and spans:
        in_the_way = [view for view in hit_by_any(session, card.id, spans) if view.is_holding]
    rendered = render_template(
        "workshop/close.html",
        form=form,
        closure=closure,
        in_the_way=in_the_way[:IN_THE_WAY_SHOWN],
        more_in_the_way=max(len(in_the_way) - IN_THE_WAY_SHOWN, 0),
        is_taken=is_taken,
        series=None if closure is None else closure_series_queries.series_left(session, closure.id, now=now()),
    )
    return rendered, form.status
