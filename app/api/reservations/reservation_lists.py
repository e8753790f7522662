"""Lists of reservations: which of them a login sees in full, and the cursor of the next page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.api.reservations.reservation_models import BusySpan, Reservation, ReservationFilter, ReservationList, of_view
from app.auth import permissions
from app.auth.logins import Login
from app.auth.permissions import ALL, OWN, WORKSHOP
from booking import queries
from booking.queries import Cursor, ReservationView

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
READ_ENDPOINT = ("api.get_reservation", "GET")


def page_of(session: Session, login: Login, query: ReservationFilter) -> ReservationList:
    """Return one page of the reservations that a login may see."""
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
        of_view(view) if sees_in_full(view.member_id, view.workshop_id) else BusySpan.of(view) for view in page
    ]
    return ReservationList(items=items, next=_next_cursor(page[-1]) if len(found) > len(page) else None)


def sees_in_full(member_id: int, workshop_id: int) -> bool:
    """Return whether the current login may see a reservation in full."""
    return permissions.may_touch(*READ_ENDPOINT, member_id=member_id, workshop_id=workshop_id)


def _scope_of(login: Login) -> queries.VisibilityScope:
    scopes = permissions.scopes_of(login, permissions.access_to(*READ_ENDPOINT))
    return queries.VisibilityScope(
        is_everybody=ALL in scopes,
        member_id=login.member_id if OWN in scopes else None,
        workshop_ids=login.managed_workshop_ids if WORKSHOP in scopes else (),
    )


def _cursor(text: str) -> Cursor:
    microseconds, reservation_id = map(int, text.split("-"))
    return EPOCH + min(microseconds, LATEST) * MICROSECOND, reservation_id


def _next_cursor(view: ReservationView) -> str:
    return f"{(view.starts_at - EPOCH) // MICROSECOND}-{view.id}"
