"""Lists of reservations for programs: who sees what whole, and where the next page begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.api.reservation_models import BusySpan, Reservation, ReservationFilter, ReservationList, of_view
from app.auth import permissions
from app.auth.logins import Login
from app.auth.permissions import ALL, OWN, WORKSHOP
from booking import queries
from booking.queries import Cursor, ReservationView

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
READING = ("api.get_reservation", "GET")


def page_of(session: Session, login: Login, query: ReservationFilter) -> ReservationList:
    """One page of what a login may know."""
    found = queries.reservations(
        session,
        machine_id=query.machine_id,
        member_id=query.member_id,
        since=query.since,
        until=query.until,
        statuses=None if query.status is None else (query.status,),
        scope=_scope_of(login),
        after=None if query.cursor is None else _cursor(query.cursor),
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    items: list[Reservation | BusySpan] = [
        of_view(view) if sees_whole(view.member_id, view.workshop_id) else BusySpan.of(view) for view in page
    ]
    return ReservationList(items=items, next=_text(page[-1]) if len(found) > len(page) else None)


def sees_whole(member_id: int, workshop_id: int) -> bool:
    """Whether the present login may know more of a reservation than that the machine is taken."""
    return permissions.may_touch(*READING, member_id=member_id, workshop_id=workshop_id)


def _scope_of(login: Login) -> queries.VisibilityScope:
    scopes = permissions.scopes_of(login, permissions.access_to(*READING))
    return queries.VisibilityScope(
        is_everybody=ALL in scopes,
        member_id=login.member_id if OWN in scopes else None,
        workshop_ids=login.managed_workshop_ids if WORKSHOP in scopes else (),
    )


def _cursor(text: str) -> Cursor:
    microseconds, reservation_id = map(int, text.split("-"))
    return EPOCH + min(microseconds, LATEST) * MICROSECOND, reservation_id


def _text(view: ReservationView) -> str:
    return f"{(view.starts_at - EPOCH) // MICROSECOND}-{view.id}"
