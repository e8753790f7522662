"""/plan: the board of all machines, by week, day or as a list."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from app.pages.declaration import MenuEntry, page
from app.pages.plan import bp, presenter
from app.pages.plan.axis import Axis, day_axis, week_axis
from app.pages.plan.cells import Viewer
from app.pages.plan.row_cache import RowRenderer, render_rows
from app.pages.plan.row_renderers import ListRenderer, TableRenderer
from app.pages.plan.selection import DAY, LIST, WEEK, PlanSelection, read_selection
from app.wording import formats
from booking import queries
from booking.queries import Board, BoardOutline
from booking.wall_clock import first_instant, local_day

LISTED_WITH_TABLE = 25  # machines


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
    selection = read_selection(request.args, today, usual_view=LIST if _is_phone() else WEEK)
    axis = week_axis(selection.monday, zone) if selection.view == WEEK else day_axis(selection.day, zone)
    session, viewer = db.session(), viewer_of_login()
    outline = _outline(session, axis, selection)
    everything = outline.empty()
    shown = _wanted(session, outline, everything, selection, instant)
    has_table, has_list = selection.view != LIST, _has_list(selection, shown)
    renderers: list[RowRenderer] = []
    if has_table:
        renderers.append(TableRenderer(axis, viewer, instant, is_day=selection.view == DAY))
    if has_list:
        renderers.append(ListRenderer(day_axis(selection.day, zone), viewer, instant))
    rendered = render_rows(
        shown, outline.marks, renderers, viewer, lambda ids: queries.filled_board(session, outline, ids, now=instant)
    )
    return render_template(
        "plan/show.html",
        selection=selection,
        today=today,
        title=presenter.period_title(selection),
        options=presenter.options_of(everything),
        table=presenter.table_of(shown, axis, selection, rendered[0], instant) if has_table else None,
        listed=[rendered[-1][row.machine.id] for row in shown.rows] if has_list else None,
        days=presenter.day_buttons(selection, today, is_listed=has_list),
        has_machines=bool(shown.workshops),
    )


def viewer_of_login() -> Viewer:
    """Return whose names the present login may see: its own, those of its workshops, or all."""
    sees_all = current_user.is_treasurer or current_user.is_admin
    workshop_ids = None if sees_all else current_user.managed_workshop_ids
    return Viewer(current_user.member_id, workshop_ids, permissions.may("reservations.new"))


def _outline(session: Session, axis: Axis, selection: PlanSelection) -> BoardOutline:
    """Return the machines, or only those that the login's member was inducted for on the day."""
    if not selection.is_inducted:
        return queries.board_outline(session, axis.span)
    return queries.board_outline(
        session, axis.span, inducted_member_id=current_user.member_id, inducted_on=selection.day
    )


def _wanted(
    session: Session, outline: BoardOutline, everything: Board, selection: PlanSelection, instant: datetime
) -> Board:
    """Return the machines that pass the filters; the filter by a free hour needs all entries."""
    shown = presenter.filtered(everything, selection)
    if selection.free_at is None:
        return shown
    return presenter.free_at(queries.filled_board(session, outline, now=instant), shown, _free_at(selection))


def _is_phone() -> bool:
    """Return whether the browser runs on a phone, which gets the list unless the table is requested."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    return hint == "?1" if hint else "Mobi" in request.headers.get("User-Agent", "")


def _has_list(selection: PlanSelection, board: Board) -> bool:
    """Return whether the page has the list: as its view, or beside the table of a small ring for narrow windows."""
    return selection.view == LIST or sum(1 for _row in board.rows) <= LISTED_WITH_TABLE


def _free_at(selection: PlanSelection) -> datetime:
    assert selection.free_at is not None
    return first_instant(datetime.combine(selection.day, selection.free_at), formats.as_zone(None))
