"""/plan: the board of all machines, by week or day, as a list, or a month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from app.pages.declaration import MenuEntry, page
from app.pages.plan import bp, loads, presenter, print_code
from app.pages.plan.axis import Axis, day_axis, month_axis, week_axis
from app.pages.plan.groups import groups_of
from app.pages.plan.loads import LoadRenderer
from app.pages.plan.month import MonthRenderer, month_view
from app.pages.plan.records_cache import MemberRecords, RingRecords, member_records, ring_records
from app.pages.plan.row_cache import RowRenderer, render_rows
from app.pages.plan.row_renderers import ListRenderer, TableRenderer
from app.pages.plan.selection import DAY, DAYS, LIST, MONTH, WEEK, PlanSelection, read_selection
from app.pages.plan.viewer import Viewer
from app.pages.plan.window import ALL_DAY
from app.wording import formats
from booking import queries
from booking.queries import Board, BoardOutline
from booking.times.wall_clock import first_instant, local_day


@page(
    bp,
    "/plan",
    access=LOGGED_IN,
    menu=MenuEntry(
        _l("Plan"), 20, icon="calendar3-week", bar={"member": 20, "manager": 30}, phone=("member", "manager")
    ),
)
def show() -> ResponseReturnValue:
    """Who has which machine when, and where time is free."""
    zone = formats.as_zone(None)
    instant = now()
    today = local_day(instant, zone)
    selection = read_selection(request.args, today, usual_view=LIST if _is_phone() else DAYS)
    session = db.session()
    outline = _outline(session, selection, zone, today)
    everything = outline.empty()
    ring = ring_records(session, everything, outline.last_record_change, instant)
    member = member_records(session, current_user.member_id, outline.last_record_change, instant)
    shown = _wanted(session, outline, everything, selection, instant)
    axis = _axis(selection, zone, ring, instant)
    viewer = viewer_of_login(member)
    rendered = _rendered(session, outline, shown, selection, viewer, axis, instant)
    return render_template(
        "plan/show.html",
        selection=selection,
        today=today,
        title=presenter.period_title(selection),
        week=presenter.week_name(selection),
        now=instant,
        options=presenter.options_of(everything),
        has_machines=bool(shown.workshops),
        qr_version=print_code.version_of(_own_address()),
        **_views(shown, axis, selection, rendered, ring, member, today, instant),
    )


@page(bp, "/plan/qr.svg", access=LOGGED_IN)
def qr_image() -> ResponseReturnValue:
    """Return the code on the printed plan, which leads to the plan of now.

    A file of its own, because browsers keep it: written into each plan it was 2 kB of 46, and hardly compressible.
    ?v=: of the address it leads to, because the ring may move to another; without it browsers ask each time.
    """
    address = _own_address()
    response = current_app.response_class(print_code.qr_code(address), mimetype="image/svg+xml")
    is_named = request.args.get("v") == print_code.version_of(address)
    response.headers["Cache-Control"] = "private, max-age=31536000" if is_named else "private, no-cache"
    return response


def _own_address() -> str:
    return current_app.config["BASE_URL"] + url_for("plan.show")


def viewer_of_login(member: MemberRecords) -> Viewer:
    """Return whose names the present login may see: its own, those of its workshops, or all; what it may reserve.

    A login that reserves for others sees all free time, whatever its own member may run.
    """
    sees_all = current_user.is_treasurer or current_user.is_admin
    workshop_ids = None if sees_all else current_user.managed_workshop_ids
    reserves_for_others = current_user.is_admin or bool(current_user.managed_workshop_ids)
    may_reserve = permissions.may("reservations.new")
    eligibility = None if reserves_for_others or not may_reserve else member.eligibility
    return Viewer(current_user.member_id, workshop_ids, may_reserve, eligibility)


def _outline(session: Session, selection: PlanSelection, zone: ZoneInfo, today: date) -> BoardOutline:
    """Return the machines, or only those that the login's member was inducted for on the day."""
    first = presenter.strip_start(selection, today) if selection.view == LIST else selection.first_day
    span = week_axis(first, zone).span
    if selection.view == DAY:
        span = day_axis(selection.day, zone).span
    elif selection.view == MONTH:
        span = month_axis(selection.first_day, zone).span
    if not selection.is_inducted:
        return queries.board_outline(session, span)
    return queries.board_outline(session, span, inducted_member_id=current_user.member_id, inducted_on=selection.day)


def _axis(selection: PlanSelection, zone: ZoneInfo, ring: RingRecords, instant: datetime) -> Axis:
    window = ALL_DAY if selection.has_all_hours else ring.window
    if selection.view in (DAYS, WEEK):
        return week_axis(selection.first_day, zone, window, now=instant)
    if selection.view == MONTH:
        return month_axis(selection.first_day, zone)
    return day_axis(selection.day, zone, window)


def _wanted(
    session: Session, outline: BoardOutline, everything: Board, selection: PlanSelection, instant: datetime
) -> Board:
    """Return the machines that pass the filters; the filter by a free hour needs all entries."""
    shown = presenter.filtered(everything, selection)
    if selection.free_at is None:
        return shown
    return presenter.free_at(queries.filled_board(session, outline, now=instant), shown, _free_at(selection))


def _rendered(
    session: Session,
    outline: BoardOutline,
    shown: Board,
    selection: PlanSelection,
    viewer: Viewer,
    axis: Axis,
    instant: datetime,
) -> dict[str, dict[int, str]]:
    """Return what each renderer of the view makes of the machines, by its name and the machine's id."""
    zone = axis.zone
    renderers: dict[str, RowRenderer] = {}
    if selection.view == MONTH:
        renderers["month"] = MonthRenderer(axis)
    elif selection.view != LIST:
        renderers["cells"] = TableRenderer(axis, viewer, instant, is_day=selection.view == DAY)
    if selection.view == LIST:
        renderers["list"] = ListRenderer(day_axis(selection.day, zone), viewer, instant)
    if selection.view == LIST:
        renderers["load"] = LoadRenderer(week_axis(presenter.strip_start(selection, local_day(instant, zone)), zone))
    texts = render_rows(
        shown,
        outline.marks,
        list(renderers.values()),
        viewer,
        lambda ids: queries.filled_board(session, outline, ids, now=instant),
    )
    return dict(zip(renderers, texts, strict=True))


def _views(
    shown: Board,
    axis: Axis,
    selection: PlanSelection,
    rendered: dict[str, dict[int, str]],
    ring: RingRecords,
    member: MemberRecords,
    today: date,
    instant: datetime,
) -> dict[str, Any]:
    """Return the table, the list and the month of the page, each None where the view has none."""
    table = listed = month = None
    if "month" in rendered and shown.workshops:
        month = month_view(shown, axis, selection, rendered["month"], ring.groups, today)
    if "cells" in rendered:
        groups = tuple(groups_of(shown, ring.openings, today, member.prices, rendered["cells"], ring.groups))
        table = presenter.table_of(shown, axis, selection, groups, instant)
    if "list" in rendered:
        is_today = selection.day == today
        listed = tuple(
            groups_of(
                shown, ring.openings, selection.day, member.prices, rendered["list"], ring.groups, is_today=is_today
            )
        )
    days: list[presenter.DayButton] = []
    if listed is not None:
        load = loads.percents(rendered["load"].values()) if rendered["load"] else [0] * 7
        days = presenter.day_buttons(selection, today, load)
    holiday = ", ".join(presenter.holiday_names(shown).get(selection.day, ())) if listed is not None else ""
    return {"table": table, "listed": listed, "days": days, "holiday": holiday, "month": month}


def _is_phone() -> bool:
    """Return whether the browser runs on a phone, which gets the list unless the table is requested."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    return hint == "?1" if hint else "Mobi" in request.headers.get("User-Agent", "")


def _free_at(selection: PlanSelection) -> datetime:
    assert selection.free_at is not None
    return first_instant(datetime.combine(selection.day, selection.free_at), formats.as_zone(None))
