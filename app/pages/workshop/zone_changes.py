"""/workshop/clock: reservations for which the clock of a workshop shows other times than when they were made."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.zone_settling import settle_change
from app.pages.declaration import POST, page
from app.pages.workshop import bp, presenter
from app.web.paging import page_number
from booking import queries
from booking.queries import ReservationView
from booking.rule_changes import zone_changes
from booking.rule_changes.zone_changes import Keeps

PER_PAGE = 25
DESK = Access(manager=WORKSHOP, admin=ALL)


@dataclass(frozen=True, slots=True)
class ChangedTime:
    """A reservation with its former time of the clock and that of now. keeps: which of the two it keeps.

    former: the clock by which it was made.
    """

    view: ReservationView
    former: ZoneInfo
    keeps_clock: bool
    series_id: int | None


@page(bp, "/clock", access=DESK)
def list_clock_changes() -> ResponseReturnValue:
    """List the changes of the clocks of one's workshops, the newest first."""
    found = zone_changes.changes(db.session(), presenter.my_workshop_ids(), only_open=False)
    names = {one.id: one.name for one in queries.workshops(db.session())}
    return render_template("workshop/clock_changes.html", changes=found, names=names)


@page(bp, "/clock/<int:change_id>", access=DESK)
def clock_change(change_id: int) -> ResponseReturnValue:
    """Show the reservations that a change of the clock concerns, and what becomes of them."""
    change, session, number = lookups.zone_change(change_id), db.session(), page_number()
    found = zone_changes.affected(session, change, now=now())
    shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
    views = {one.id: one for one in queries.reservations_by_id(session, [one.reservation_id for one in shown])}
    return render_template(
        "workshop/clock_change.html",
        change=change,
        present=ZoneInfo(change.zone),
        rows=[
            ChangedTime(views[one.reservation_id], one.former, one.keeps is Keeps.CLOCK, one.series_id)
            for one in shown
            if one.reservation_id in views
        ],
        by_clock=sum(one.keeps is Keeps.CLOCK for one in found),
        count=len(found),
        page=number,
        has_next=len(found) > number * PER_PAGE,
        workshop=queries.workshop(session, change.workshop_id),
    )


@page(bp, "/clock/<int:change_id>/keep", methods=POST, access=DESK)
def keep_clock(change_id: int) -> ResponseReturnValue:
    """Move the dates of series so that they keep their times of the clock; the page lists what could not be moved."""
    change = lookups.zone_change(change_id)
    moved, stayed = settle_change(change, by=current_actor(), now=now())
    flash(ngettext("%(num)s date keeps its time of the clock.", "%(num)s dates keep their times of the clock.", moved))
    if stayed:
        flash(
            ngettext(
                "%(num)s date could not be moved and is listed below.",
                "%(num)s dates could not be moved and are listed below.",
                stayed,
            ),
            "warning",
        )
    return redirect(url_for(".clock_change", change_id=change_id), code=303)
