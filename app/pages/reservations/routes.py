"""/reservations: the list, one reservation, and cancelling. Entering and moving have modules of their own."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import lookups, permissions, security_log
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.list_filter import INVALID, ListFilter
from app.forms.span_form import clean
from app.forms.submit import submit
from app.notifications.calendar_attachment import calendar_of
from app.pages.declaration import GET_POST, MenuEntry, page
from app.pages.reservations import bp, conflicts, presenter
from app.pages.reservations.cancelling import cancel_page
from app.pages.reservations.choices import read_instant
from app.pages.reservations.forms import CancelForm
from app.web.sorting import Sorting
from app.wording.formats import as_zone
from booking import queries
from booking.errors.schedule_errors import ReservationNotFound, StaleRevision, WrongStatus
from booking.models import HOLDING
from booking.queries import Cursor, ReservationView
from booking.reservations import reservations
from booking.reservations.lifecycle import Step
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.times.wall_clock import local_day

PER_PAGE = 20


@page(
    bp,
    "",
    access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL),
    menu=MenuEntry(_l("Reservations"), 40, icon="calendar-check", bar={"member": 30}),
)
def index() -> ResponseReturnValue:
    """List one's own reservations, upcoming or past; for managers also those of their workshops.

    Past ones, the latest first or by ?sort=start the oldest, can be narrowed to some days: ?from=&until=.
    """
    is_past = request.args.get("when") == "past"
    of_workshop = request.args.get("of") == "workshop" or current_user.member_id is None
    form = ListFilter.of(request.args, ())
    if not form.validate():
        return _list_page((), form, of_workshop=of_workshop, is_past=is_past), INVALID
    after = _read_cursor(request.args.get("after", ""))
    found = _past(form, after, of_workshop=of_workshop) if is_past else _upcoming(after, of_workshop=of_workshop)
    return _list_page(found, form, of_workshop=of_workshop, is_past=is_past)


def _list_page(found: Sequence[ReservationView], form: ListFilter, *, of_workshop: bool, is_past: bool) -> str:
    shown = found[:PER_PAGE]
    return render_template(
        "reservations/index.html",
        found=shown,
        days_of={view.id: local_day(view.starts_at, as_zone(view.zone)) for view in shown},
        form=form,
        sorting=_sorting(),
        is_past=is_past,
        of_workshop=of_workshop,
        may_see_workshop=_workshop_ids() != frozenset(),
        next_after=_written(shown[-1]) if len(found) > PER_PAGE else None,
        is_first_page="after" not in request.args,
        instant=now(),
    )


@page(bp, "/<int:reservation_id>", access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL))
def show(reservation_id: int) -> ResponseReturnValue:
    """Show one reservation, its state, and what can be done."""
    view = lookups.reservation(reservation_id)
    return render_template("reservations/show.html", page=presenter.reservation_page(db.session(), view, now=now()))


@page(bp, "/<int:reservation_id>/calendar", access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL))
def calendar_file(reservation_id: int) -> ResponseReturnValue:
    """Send a reservation as a file that a calendar program takes in."""
    view = lookups.reservation(reservation_id)
    within = permissions.workshops_within(view.member_id, endpoint="series.show", method="GET")
    text = calendar_of(db.session(), [view], str(get_locale()), series_within=within)
    if text is None:
        raise ReservationNotFound(id=reservation_id)
    security_log.export_noter("reservation.ics")(1)
    headers = {"Content-Disposition": f'attachment; filename="reservation-{view.id}.ics"'}
    return Response(text, mimetype="text/calendar", headers=headers)


@page(
    bp,
    "/<int:reservation_id>/cancel",
    methods=GET_POST,
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def cancel(reservation_id: int) -> ResponseReturnValue:
    """Ask whether the reservation shall be cancelled, and cancel it."""
    view, session, form = lookups.reservation(reservation_id), db.session(), CancelForm()
    if not form.is_submitted():
        if led := conflicts.lead_away(view, Step.CANCEL):
            return led
        form.revision.data = view.revision
    cancelled = submit(
        form,
        lambda: reservations.cancel(
            session,
            reservation_id,
            by=current_actor(),
            now=now(),
            reason=clean(form.reason.data),
            revision=form.revision.data,
        ),
        message=_("The reservation is cancelled; its time is free again."),
        location=url_for("reservations.show", reservation_id=reservation_id),
    )
    if cancelled is not None:
        return cancelled
    if isinstance(form.refusal, WrongStatus):
        return conflicts.changed_page(reservation_id, form.refusal)
    if isinstance(form.refusal, StaleRevision):
        view = conflicts.refresh_revision(form, reservation_id)
    return _cancel_page(form, view), form.status


def _cancel_page(form: CancelForm, view: ReservationView) -> str:
    return render_template("reservations/cancel.html", form=form, page=cancel_page(view, now=now()))


def _workshop_ids() -> frozenset[int] | None:
    """Return the workshops whose reservations the login may list; None: all."""
    if current_user.is_admin or current_user.is_treasurer:
        return None
    return current_user.managed_workshop_ids


def _upcoming(after: Cursor | None, *, of_workshop: bool) -> tuple[ReservationView, ...]:
    session, instant, limit = db.session(), now(), PER_PAGE + 1
    if of_workshop:
        return queries.reservations(
            session, workshop_ids=_workshop_ids(), since=instant, statuses=HOLDING, after=after, limit=limit
        )
    return queries.reservations_of_member(
        session, current_user.member_id, upcoming=True, now=instant, limit=limit, after=after
    )


def _past(form: ListFilter, after: Cursor | None, *, of_workshop: bool) -> tuple[ReservationView, ...]:
    zone, (since, until) = as_zone(None), form.days
    return queries.past_reservations(
        db.session(),
        now=now(),
        member_id=None if of_workshop else current_user.member_id,
        workshop_ids=_workshop_ids() if of_workshop else None,
        since=instant_of(since, 0, zone) if since else None,
        until=instant_of(until, MINUTES_OF_A_DAY, zone) if until else None,
        oldest_first=not _sorting().is_descending,
        limit=PER_PAGE + 1,
        after=after,
    )


def _sorting() -> Sorting:
    return Sorting.of(request.args, ("start",), "-start")


def _written(view: ReservationView) -> str:
    return f"{view.starts_at.isoformat()}_{view.id}"


def _read_cursor(text: str) -> Cursor | None:
    """Return where the next page begins; None for the first page and for an invalid cursor."""
    instant, _bar, reservation_id = text.partition("_")
    try:
        return read_instant(instant), int(reservation_id)
    except ValueError:
        return None
