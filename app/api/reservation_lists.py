"""Lists of reservations for programs: who sees what whole, and where the next page begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, false, literal, or_, true, tuple_
from sqlalchemy.orm import Session

from app.api.reservation_models import BusySpan, Reservation, ReservationFilter, ReservationList, of_view
from app.auth import permissions
from app.auth.access import ALL, OWN, WORKSHOP
from app.auth.logins import Login
from booking.models import HOLDING, Machine
from booking.models import Reservation as Row
from booking.queries import ReservationView
from booking.queries.reservation_views import all_views, views
from booking.queries.reservations import overlap

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
READING = ("api.get_reservation", "GET")


def page_of(session: Session, login: Login, query: ReservationFilter) -> ReservationList:
    """One page of what a login may know."""
    wanted = [*_asked(query), _known_to(login, query)]
    if query.cursor is not None:
        wanted.append(_is_after(query.cursor))
    statement = views().where(*wanted).order_by(Row.starts_at, Row.id).limit(query.limit + 1)
    found = all_views(session, statement)
    page = found[: query.limit]
    items: list[Reservation | BusySpan] = [
        of_view(view) if sees_whole(view.member_id, view.workshop_id) else BusySpan.of(view) for view in page
    ]
    return ReservationList(items=items, next=_text(page[-1]) if len(found) > len(page) else None)


def sees_whole(member_id: int, workshop_id: int) -> bool:
    """Whether the present login may know more of a reservation than that the machine is taken."""
    return permissions.may_touch(*READING, member_id=member_id, workshop_id=workshop_id)


def _asked(query: ReservationFilter) -> list[ColumnElement[bool]]:
    wanted = overlap(query.since, query.until)
    if query.machine_id is not None:
        wanted.append(Row.machine_id == query.machine_id)
    if query.member_id is not None:
        wanted.append(Row.member_id == query.member_id)
    if query.status is not None:
        wanted.append(Row.status == str(query.status))
    return wanted


def _known_to(login: Login, query: ReservationFilter) -> ColumnElement[bool]:
    access = permissions.row_of(*READING)
    scopes = permissions.scopes_of(login, access) if access else set()
    if ALL in scopes:
        return true()
    whole: list[ColumnElement[bool]] = [false()]
    if OWN in scopes and login.member_id is not None:
        whole.append(Row.member_id == login.member_id)
    if WORKSHOP in scopes:
        whole.append(Machine.workshop_id.in_(login.managed_workshop_ids))
    if query.member_id is not None or query.status is not None:
        return or_(*whole)
    # Others show only while they hold the machine.
    return or_(*whole, Row.status.in_([str(status) for status in HOLDING]))


def _is_after(cursor: str) -> ColumnElement[bool]:
    microseconds, reservation_id = map(int, cursor.split("-"))
    starts_at = EPOCH + min(microseconds, LATEST) * MICROSECOND
    reached = tuple_(literal(starts_at, Row.starts_at.type), literal(reservation_id, Row.id.type))
    return tuple_(Row.starts_at, Row.id) > reached


def _text(view: ReservationView) -> str:
    return f"{(view.starts_at - EPOCH) // MICROSECOND}-{view.id}"
