"""Changing a series: what becomes of each date is shown before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.clock import now
from app.extensions import db
from app.forms.choices import select_choice
from app.forms.span_form import clean
from app.forms.submit import INVALID, submit
from app.pages.declaration import GET_POST, page
from app.pages.reservations import other_machines
from app.pages.reservations.repeating import marked_choice
from app.pages.series import bp, presenter
from app.pages.series.forms import ANY_OF_GROUP, ChangeSeriesForm
from app.pages.series.routes import CHANGE
from app.web.paging import Part, sent_part
from app.wording import formats
from app.wording.errors import sentence_of, status_of
from app.wording.rules import taken_sentence, violation_sentence
from app.wording.series import series_sentence
from app.wording.variants import without_text
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.errors.schedule_errors import MachineNotFound, SeriesRefused, StaleRevision
from booking.queries import ReservationView
from booking.queries import series as series_queries
from booking.queries.series import SeriesView
from booking.records.overruling import OF_RESERVING, Overruling, may_overrule
from booking.rules.lacking_variants import Lacking
from booking.series.series import OnConflict
from booking.series_change import carry_out
from booking.series_change.carry_out import SeriesChanged
from booking.series_change.models import ChangedDate, ChangePlan

CARRY_OUT = "carry_out"  # the button below the dates
DECIDING = "approvals.decide"


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One date before and after. before: empty where its time stays; machine: the new one, where it changes."""

    one: ChangedDate
    text: str
    before: str
    machine: str
    reasons: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would mean. prices: of the first date before and after, None where nobody knows them.

    can_overrule: the login may overrule the rules that stand in the way of some dates.
    """

    plan: ChangePlan
    rows: tuple[ChangedRow, ...]
    part: Part  # which of the dates the rows are
    alternatives: int
    on_conflict: str  # which choice is marked
    waits: int
    prices: tuple[Estimate | None, Estimate | None]
    can_overrule: bool


@page(bp, "/<int:series_id>/change", methods=GET_POST, access=CHANGE, keeps_input=True)
def change(series_id: int) -> ResponseReturnValue:
    """Ask for another time, machine or purpose, show what it means for each date, and carry it out."""
    view, session = lookups.series(series_id), db.session()
    to_come = presenter.to_come(session, view, now=now())
    form, others = ChangeSeriesForm(), other_machines.possible(session, to_come[0]) if to_come else []
    machines = {str(view.machine_id): view.machine_name} | {str(one.id): one.name for one in others}
    if view.group_id is not None:
        machines = {ANY_OF_GROUP: _("Any of %(group)s, as it is", group=view.group_name)} | machines
    days = {day.isoformat(): formats.format_day(day) for day in _days(session, view, to_come)}
    form.offer(
        [select_choice(*day) for day in days.items()],
        [select_choice(*machine) for machine in machines.items()],
    )
    if not form.is_submitted():
        form.fill(view, asked if (asked := request.args.get("day")) in days else None)
    elif CARRY_OUT in request.form:
        done = submit(form, lambda: _carry_out(form, view), message="", location=_changed)
        if done is not None:
            return done
        if isinstance(form.refusal, StaleRevision):
            form.revision.data = lookups.series(series_id).revision
    preview = _preview(form, view) if form.is_submitted() and to_come else None
    shown = {"view": view, "sentence": series_sentence(view.times), "has_dates": bool(to_come), "preview": preview}
    return render_template("series/change.html", form=form, **shown), form.status


def _days(session: Session, view: SeriesView, to_come: Sequence[ReservationView]) -> list[date]:
    ids = {one.id for one in to_come}
    dates = series_queries.series_dates(session, view)
    return [one.occurrence.day for one in dates if one.reservation is not None and one.reservation.id in ids]


def _carry_out(form: ChangeSeriesForm, view: SeriesView) -> SeriesChanged:
    choice = request.form.get("on_conflict", "")
    return carry_out.change_series(
        db.session(),
        view.id,
        form.change(view),
        on_conflict=OnConflict(choice) if choice in list(OnConflict) else OnConflict.REFUSE,
        by=current_actor(),
        now=now(),
        decides_in=permissions.workshops_within(endpoint=DECIDING),
        workshop_ids=permissions.workshops_within(view.member_id),
        revision=form.revision.data,
        shown=request.form.get("shown", ""),
        overruling=_overruling(form),
        lacking=LackingVariants(db.session()),
    )


def _overruling(form: ChangeSeriesForm) -> Overruling | None:
    """Return the will to overrule rules where the login approves; the plan overrules none elsewhere."""
    reason = clean(form.overrule_reason.data)
    return Overruling(reason) if reason else None


def _changed(done: SeriesChanged) -> str:
    """Flash what was changed; return the address of the series that has the dates now."""
    if done.dates:
        flash(ngettext("%(num)s date is changed.", "%(num)s dates are changed.", len(done.dates)))
    if done.unchanged:
        count = len(done.unchanged)
        flash(ngettext("%(num)s date stays as it was.", "%(num)s dates stay as they were.", count))
    return url_for("series.show", series_id=done.id)


def _preview(form: ChangeSeriesForm, view: SeriesView) -> ChangePreview | None:
    """Return what the wish in a form means; None where its fields are wrong, which then say why."""
    if CARRY_OUT not in request.form and not form.validate():
        form.status = INVALID
    if form.status == INVALID:
        return None
    try:
        planned = carry_out.preview(
            db.session(),
            view.id,
            form.change(view),
            now=now(),
            decides_in=permissions.workshops_within(endpoint=DECIDING),
            workshop_ids=permissions.workshops_within(view.member_id),
            overruling=_overruling(form),
            lacking=LackingVariants(db.session()),
        )
    except SeriesRefused as refusal:
        form.status = status_of(refusal)
        form.show_series_refusal(refusal)
        return None
    except MachineNotFound as retired:
        form.status = INVALID
        form.add_error("machine", sentence_of(retired))
        return None
    return _preview_of(db.session(), planned)


def _preview_of(session: Session, planned: ChangePlan) -> ChangePreview:
    first = next(iter(planned.changed), planned.dates[0])
    cards = {one: queries.machine_card(session, one) for one in {first.before.machine_id, first.after.machine_id}}
    before, after = (estimate_for(session, cards[wish.machine_id], wish) for wish in (first.before, first.after))
    lacking = LackingVariants(session)
    dates = planned.dates
    part = sent_part(len(dates), next((at for at, one in enumerate(dates) if not one.is_accepted), 0))
    alternatives = sum(one.alternative is not None for one in planned.refused)
    return ChangePreview(
        plan=planned,
        rows=tuple(_row(one, planned, lacking) for one in part.of(dates)),
        part=part,
        alternatives=alternatives,
        on_conflict=marked_choice(alternatives),
        waits=sum(one.needs_approval for one in planned.changed),
        prices=(before, after),
        can_overrule=any(
            one.may_decide and one.violations and may_overrule(one.violations, OF_RESERVING) for one in planned.dates
        ),
    )


def _machine_text(one: ChangedDate, planned: ChangePlan, lacking: Lacking) -> str:
    """Return the machine that a date gets and the chosen variants that it lacks; "" where it stays."""
    if one.after.machine_id == one.before.machine_id:
        return ""
    name = planned.terms_of[one.after.machine_id].name
    lacks = lacking(one.after.machine_id, one.after.span.start, one.after.choices)
    return f"{name} ({without_text(lacks)})" if lacks else name


def _row(one: ChangedDate, planned: ChangePlan, lacking: Lacking) -> ChangedRow:
    zone = planned.times.zone
    reasons = [violation_sentence(each, zone) for each in one.violations]
    if one.taken is not None:
        reasons.append(taken_sentence(one.taken, zone))
    return ChangedRow(
        one=one,
        text=formats.format_span(one.after.span, zone),
        before=formats.format_span(one.before.span, zone) if one.before.span != one.after.span else "",
        machine=_machine_text(one, planned, lacking),
        reasons=tuple(reasons),
        instead="" if one.alternative is None else formats.format_span(one.alternative, zone),
    )
