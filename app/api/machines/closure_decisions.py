"""Endpoints of the decisions on the reservations in the span of a closure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from flask_babel import gettext as _
from pydantic import Field

from app.api import problems
from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Id, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.problems import Refusal, Reply
from app.api.reservations.reservation_models import Reservation, of_view
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking import queries
from booking.closures import breakdown
from booking.closures.breakdown import Choice
from booking.errors.schedule_errors import DecisionsRefused
from booking.kernel.transaction import in_write_transaction
from booking.models import Status
from booking.queries import ClosureView, ReservationView
from booking.timespan import TimeSpan

DECISIONS_MAX = 200


class HitFilter(RequestModel):
    """Filter of the reservations in the span of a closure. cursor: `next` of the previous page."""

    only_open: bool = False
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class HitReservation(ResponseModel):
    """A reservation in the span of a closure, and how its member is reached.

    is_out: the machine is with the member, so nothing can be decided. is_kept: a manager decided that it stays.
    """

    reservation: Reservation
    member_name: str
    member_phone: str
    member_email: str
    is_out: bool
    is_kept: bool


class HitReservationList(ResponseModel):
    """One page of the reservations in the span of a closure, soonest first. next: null on the last page."""

    items: list[HitReservation]
    next: str | None


class ClosureDecision(RequestModel):
    """What becomes of one reservation. starts_at and ends_at: the proposed time of a `move`.

    machine_id: the proposed machine of a `move`; without times it is proposed for the same time.

    revision: of the reservation as it was read; omitted, any is accepted.
    """

    reservation_id: Id
    choice: Choice
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    machine_id: Id | None = None
    revision: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] | None = None


class ClosureDecisions(RequestModel):
    """Decisions that are carried out together: all of them or none. At least one."""

    decisions: list[ClosureDecision] = Field(default_factory=list, max_length=DECISIONS_MAX)


@Endpoint(
    "GET",
    "/closures/<id:closure_id>/reservations",
    access=Access(manager=WORKSHOP, admin=ALL),
    query=HitFilter,
    response=HitReservationList,
    errors=(404,),
)
def list_hit_reservations(closure_id: int, query: HitFilter) -> HitReservationList:
    """Return the reservations in what is left of the span of a closure, with their members."""
    closure = lookups.closure(closure_id)
    found = [one for one in _hits(closure, now()) if not query.only_open or not (one.is_out or one.is_kept)]
    start = query.cursor or 0
    page = found[start : start + query.limit]
    return HitReservationList(items=page, next=str(start + query.limit) if len(found) > start + query.limit else None)


@Endpoint(
    "POST",
    "/closures/<id:closure_id>/decisions",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=ClosureDecisions,
    response=HitReservationList,
    errors=(404, 409),
)
def decide_closure(closure_id: int, body: ClosureDecisions) -> Reply:
    """Keep, cancel or move reservations in the span of a closure: all of the decisions are carried out, or none.

    Each member with a cancelled or moved reservation gets one e-mail. A cancellation is never late. A moved one is
    confirmed for the proposed time, which the member accepts or, until its start, declines (by cancelling) without
    being late. The reply lists the first reservations that are left.
    """
    lookups.closure(closure_id)
    if not body.decisions:
        raise Refusal(problems.invalid(problems.field_error("decisions", _("at least one decision is needed"))))
    require_each_once(body.decisions)
    wanted, by, instant = [decision_of(one) for one in body.decisions], current_actor(), now()

    def decide() -> Reply:
        session = db.session()
        breakdown.decide(session, closure_id, wanted, by=by, now=instant)
        left = _hits(lookups.closure(closure_id), instant)
        page = left[:PAGE_LENGTH]
        return reply(HitReservationList(items=page, next=str(len(page)) if len(left) > len(page) else None))

    try:
        return in_write_transaction(db.session(), decide)
    except DecisionsRefused as refusal:
        names = {one.reservation_id: f"decisions.{at}" for at, one in enumerate(body.decisions)}
        raise Refusal(problems.of_decisions(refusal, names)) from refusal


def _hits(closure: ClosureView, instant: datetime) -> list[HitReservation]:
    if closure.lifted_at is not None or closure.ends_at <= instant:
        return []
    session, span = db.session(), TimeSpan(max(closure.starts_at, instant), closure.ends_at)
    views = [view for view in queries.hit_by(session, closure.machine_id, span) if view.is_holding]
    contacts = queries.member_contacts(session, {view.member_id for view in views})
    return [_hit(view, contacts[view.member_id], closure) for view in views]


def _hit(view: ReservationView, contact: queries.MemberContact, closure: ClosureView) -> HitReservation:
    return HitReservation(
        reservation=of_view(view),
        member_name=view.member_name,
        member_phone=contact.phone,
        member_email=contact.email,
        is_out=view.status is Status.IN_USE,
        is_kept=view.is_accepted_since(closure.created_at),
    )


def decision_of(sent: ClosureDecision) -> breakdown.Decision:
    """Return a decision as it was sent. Raises Refusal for a move without a time or machine."""
    if sent.choice is not Choice.MOVE:
        return breakdown.Decision(sent.reservation_id, sent.choice, None, sent.revision)
    span = None
    if sent.starts_at is not None and sent.ends_at is not None:
        span = span_of(sent)
    elif sent.machine_id is None or sent.starts_at is not None or sent.ends_at is not None:
        missing = problems.field_error("starts_at", _("a move needs starts_at and ends_at, or machine_id alone"))
        raise Refusal(problems.invalid(missing))
    if sent.machine_id is not None:
        lookups.managed_machine(sent.machine_id)
    return breakdown.Decision(sent.reservation_id, sent.choice, span, sent.revision, sent.machine_id)


def require_each_once(decisions: Sequence[ClosureDecision]) -> None:
    """Raise Refusal where a reservation has two decisions."""
    ids = [one.reservation_id for one in decisions]
    if len(ids) != len(set(ids)):
        raise Refusal(problems.invalid(problems.field_error("decisions", _("a reservation has two decisions"))))
