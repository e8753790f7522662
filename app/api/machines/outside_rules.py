"""Endpoints of reservations that lie outside new hours or rules, until they are moved, cancelled or accepted."""

from __future__ import annotations

from typing import Annotated

from flask_login import current_user
from pydantic import Field

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.problems import Reply
from app.api.reservations.reservation_models import Reservation, of_view
from app.api.series.series_models import Violation
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking import queries
from booking.kernel.transaction import in_write_transaction
from booking.queries import OutsideView
from booking.rule_changes import rule_changes

MANAGER = Access(manager=WORKSHOP, admin=ALL)


class OutsideFilter(RequestModel):
    """A page of what lies outside the rules. cursor: `next` of the previous page."""

    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class OutsideReservation(ResponseModel):
    """A reservation outside the rules. violations: what it breaks now; told_at: when its member was told of it."""

    reservation: Reservation
    member_name: str
    violations: list[Violation]
    told_at: Instant | None


class OutsideReservationList(ResponseModel):
    """One page of what lies outside the rules, soonest first. next: null on the last page.

    count: of all pages. digest: of all of them, to accept nothing else than was read: it changes with each of them and
    with what they break, so compare it from page to page.
    """

    items: list[OutsideReservation]
    next: str | None
    count: int
    digest: str


class OutsideSeen(RequestModel):
    """What was read before it is accepted. digest: of the list."""

    digest: Annotated[str, Field(max_length=64)]


class OutsideCount(ResponseModel):
    """How many reservations were accepted, or how many members are told."""

    count: int


@Endpoint("GET", "/outside-rules", access=MANAGER, query=OutsideFilter, response=OutsideReservationList)
def list_outside_rules(query: OutsideFilter) -> OutsideReservationList:
    """List the reservations of one's workshops that lie outside opening hours or rules that were changed after them."""
    session, start = db.session(), query.cursor or 0
    after = start + query.limit
    marks = queries.outside_marks(session, _workshop_ids(), now=now())
    return OutsideReservationList(
        items=[_of(one) for one in queries.with_violations(session, [mark.id for mark in marks[start:after]])],
        next=str(after) if len(marks) > after else None,
        count=len(marks),
        digest=rule_changes.digest_of(marks),
    )


@Endpoint(
    "POST",
    "/outside-rules/<id:reservation_id>/accept",
    access=MANAGER,
    response=OutsideReservation,
    errors=(404,),
)
def accept_outside_rules(reservation_id: int) -> Reply:
    """Accept a reservation as it is: it leaves the list. Sent twice, or for one within the rules, nothing changes."""
    lookups.reservation(reservation_id)
    session, by, instant = db.session(), current_actor(), now()
    in_write_transaction(session, lambda: rule_changes.accept(session, reservation_id, by=by, now=instant))
    (view,) = queries.with_violations(session, [reservation_id])
    return reply(_of(view))


@Endpoint("POST", "/outside-rules/accept", access=MANAGER, body=OutsideSeen, response=OutsideCount, errors=(412,))
def accept_all_outside_rules(body: OutsideSeen) -> Reply:
    """Accept all reservations of one's workshops as they are, if they are still those that were read (else 412)."""
    session, by, instant, workshop_ids = db.session(), current_actor(), now(), _workshop_ids()

    def accept() -> int:
        marks = queries.outside_marks(session, workshop_ids, now=instant, locks=True)
        rule_changes.accept_all(session, marks, by=by, now=instant, shown=body.digest)
        return len(marks)

    return reply(OutsideCount(count=in_write_transaction(session, accept)))


@Endpoint("POST", "/outside-rules/tell", access=MANAGER, response=OutsideCount)
def tell_outside_rules() -> Reply:
    """Tell the members by e-mail, one for each. Who was told already since it lies outside the rules gets none."""
    session, by, instant, workshop_ids = db.session(), current_actor(), now(), _workshop_ids()

    def tell() -> int:
        ids = [mark.id for mark in queries.outside_marks(session, workshop_ids, now=instant)]
        return rule_changes.tell_members(session, ids, by=by, now=instant)

    return reply(OutsideCount(count=in_write_transaction(session, tell)))


def _workshop_ids() -> frozenset[int] | None:
    return None if current_user.is_admin else frozenset(current_user.managed_workshop_ids)


def _of(one: OutsideView) -> OutsideReservation:
    return OutsideReservation(
        reservation=of_view(one.reservation),
        member_name=one.reservation.member_name,
        violations=[Violation(**problems.of_violation(each)) for each in one.violations],
        told_at=one.told_at,
    )
