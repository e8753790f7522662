"""Endpoints of wishes for an induction: ask, list, take back; and the demand that they make."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_login import current_user

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Id, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.extensions import db
from booking.members import induction_wishes
from booking.queries import induction_demand
from booking.queries.induction_demand import WishView

OWN_OR_STAFF = Access(member=OWN, manager=ALL, admin=ALL)


class NewInductionWish(RequestModel):
    """A wish for an induction. member_id: by default the member of the login."""

    kind_id: Id
    member_id: Id | None = None


class InductionWish(ResponseModel):
    """A member asks for an induction of a kind, since asked_at."""

    id: int
    member_id: int
    kind_id: int
    asked_at: Instant


class InductionWishFilter(RequestModel):
    """Filter of wishes for an induction. cursor: how many were read before."""

    kind_id: QueryId | None = None
    member_id: QueryId | None = None
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class InductionWishList(ResponseModel):
    """Wishes for an induction, the oldest first. next: the cursor of the next page, null on the last one."""

    items: list[InductionWish]
    next: int | None


class InductionDemand(ResponseModel):
    """How many members ask for a kind of induction, since when, and how many of them have a course to come."""

    kind_id: int
    kind: str
    waiting: int
    oldest_at: Instant
    signed_up: int


class InductionDemandList(ResponseModel):
    """The demand by kind, the kind that was asked for first at the top. next: always null: the list is complete."""

    items: list[InductionDemand]
    next: str | None = None


@Endpoint(
    "POST",
    "/induction-wishes",
    access=OWN_OR_STAFF,
    body=NewInductionWish,
    response=InductionWish,
    status=201,
    errors=(404,),
    idempotent=True,
)
def ask_for_induction(body: NewInductionWish) -> Reply:
    """Ask for an induction. Who asked already keeps the place in the order; who is inducted asks no more."""
    by, instant, member_id = current_actor(), now(), _member_of(body)

    def ask() -> Reply:
        induction_wishes.ask(db.session(), member_id, body.kind_id, by=by, now=instant)
        (view,) = induction_demand.wishes(db.session(), now=instant, kind_id=body.kind_id, member_id=member_id)
        return reply(_item(view), 201)

    return run_idempotent(body, ask)


@Endpoint(
    "POST",
    "/induction-wishes/withdraw",
    access=OWN_OR_STAFF,
    body=NewInductionWish,
    response=InductionWishList,
    errors=(404,),
    idempotent=True,
)
def withdraw_induction_wish(body: NewInductionWish) -> Reply:
    """Take a wish for an induction back. The answer lists what the member still asks for."""
    by, instant, member_id = current_actor(), now(), _member_of(body)

    def withdraw() -> Reply:
        induction_wishes.withdraw(db.session(), member_id, body.kind_id, by=by, now=instant)
        left = induction_demand.wishes(db.session(), now=instant, member_id=member_id)
        return reply(InductionWishList(items=[_item(view) for view in left], next=None))

    return run_idempotent(body, withdraw)


@Endpoint("GET", "/induction-wishes", access=OWN_OR_STAFF, query=InductionWishFilter, response=InductionWishList)
def list_induction_wishes(query: InductionWishFilter) -> InductionWishList:
    """List who asks for an induction, the oldest wish first: one's own, or all for managers and administrators."""
    is_staff = permissions.reaches_all()
    if not is_staff and query.member_id not in (None, current_user.member_id):
        return InductionWishList(items=[], next=None)
    offset = query.cursor or 0
    found = induction_demand.wishes(
        db.session(),
        now=now(),
        kind_id=query.kind_id,
        member_id=query.member_id if is_staff else current_user.member_id,
        offset=offset,
        limit=query.limit + 1,
    )
    items = [_item(view) for view in found[: query.limit]]
    return InductionWishList(items=items, next=offset + query.limit if len(found) > query.limit else None)


@Endpoint("GET", "/induction-demand", access=Access(manager=ALL, admin=ALL), response=InductionDemandList)
def get_induction_demand() -> InductionDemandList:
    """Show how many members ask for which induction, the kind that was asked for first at the top."""
    found = induction_demand.demand(db.session(), now=now())
    return InductionDemandList(
        items=[
            InductionDemand(
                kind_id=one.kind_id,
                kind=one.kind,
                waiting=one.count,
                oldest_at=one.oldest_at,
                signed_up=one.signed_up,
            )
            for one in found
        ]
    )


def _member_of(body: NewInductionWish) -> int:
    member_id = body.member_id or current_user.member_id
    if member_id is None:
        raise Refusal(
            problems.invalid(problems.field_error("member_id", _("required, because this login acts for no member")))
        )
    permissions.require(member_id=member_id)
    return int(member_id)


def _item(view: WishView) -> InductionWish:
    return InductionWish(id=view.id, member_id=view.member_id, kind_id=view.kind_id, asked_at=view.asked_at)
