"""Endpoints of advances per share: called after a preview, taken back by a reversal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from flask_login import current_user
from pydantic import Field, StrictBool

from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
    WHOLE,
    Day,
    Id,
    Instant,
    MembersQuery,
    PageLength,
    QueryId,
    RequestModel,
    ResponseModel,
    Text,
)
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access, reaches_all
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing import queries
from billing.allocations import advances
from billing.allocations.advances import AdvanceInput
from billing.errors.money_errors import AdvanceNotFound
from billing.limits import CENTS_MAX
from billing.queries import advances as views

UnitCents = Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX), WHOLE]


class AdvanceFilter(RequestModel):
    """The advances of a pool. cursor: `next` of the previous page."""

    pool_id: QueryId
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class NewAdvance(RequestModel):
    """An advance per share. period: whose allocation counts it; shares_on: who holds shares on this day owes it.

    preview: true returns who would owe what, false posts it.
    """

    pool_id: Id
    period: Period
    shares_on: Day
    unit_cents: UnitCents
    note: Text = ""
    preview: StrictBool = True


class Reason(RequestModel):
    """Why an advance is taken back."""

    reason: Text = Field(min_length=1)


class AdvanceLine(ResponseModel):
    """What a member owes of an advance."""

    member_id: int
    shares: int
    cents: int


class Advance(ResponseModel):
    """An advance. id, posted_at: null in a preview. reverses_id: it is a reversal; reversed_by_id: it was reversed."""

    id: int | None
    pool_id: int
    period_from: date
    period_until: date
    shares_on: date
    unit_cents: int
    total_cents: int
    posted_at: Instant | None
    note: str
    reverses_id: int | None
    reversed_by_id: int | None


class AdvanceWithLines(Advance):
    """An advance with what each member owes. next: the cursor of the next part; null on the last one."""

    lines: list[AdvanceLine]
    next: str | None = None


class AdvanceList(ResponseModel):
    """Advances and reversals, the newest first."""

    items: list[Advance]
    next: str | None


@Endpoint(
    "GET",
    "/advances",
    access=Access(treasurer=ALL, admin=ALL),
    query=AdvanceFilter,
    response=AdvanceList,
    errors=(404,),
)
def list_advances(query: AdvanceFilter) -> AdvanceList:
    """List the advances of a pool."""
    session = db.session()
    queries.pool(session, query.pool_id)
    found, has_more = views.advances(session, query.pool_id, limit=query.limit, offset=query.cursor)
    following = str(query.cursor + len(found)) if has_more else None
    return AdvanceList(items=[Advance.model_validate(one) for one in found], next=following)


@Endpoint(
    "POST",
    "/advances",
    access=Access(treasurer=ALL),
    body=NewAdvance,
    response=AdvanceWithLines,
    status=201,
    extra_statuses=(200,),
    errors=(404, 409),
    idempotent=True,
)
def post_advance(body: NewAdvance) -> Reply:
    """Call an advance per share: preview who would owe what (200), or post it (201). Its members get a mail."""
    wanted = AdvanceInput(*days_of(body.period), body.shares_on, body.unit_cents, body.note)
    if body.preview:
        return reply(_previewed(body.pool_id, wanted))
    by, instant = current_actor(), now()

    def post() -> Reply:
        posted = advances.post_advance(db.session(), body.pool_id, wanted, by=by, now=instant)
        return reply(_posted(posted.id), 201)

    return run_idempotent(body, post)


@Endpoint(
    "GET",
    "/advances/<id:advance_id>",
    access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN),
    query=MembersQuery,
    response=AdvanceWithLines,
    errors=(404,),
)
def get_advance(advance_id: int, query: MembersQuery) -> AdvanceWithLines:
    """Get an advance with who owes what of it. Members get their own part alone, total_cents included."""
    found = _posted(advance_id)
    if reaches_all():
        until = query.cursor + query.limit
        following = str(until) if until < len(found.lines) else None
        return found.model_copy(update={"lines": found.lines[query.cursor : until], "next": following})
    own = [line for line in found.lines if line.member_id == current_user.member_id]
    if not own:
        raise AdvanceNotFound(id=advance_id)
    return found.model_copy(update={"lines": own, "total_cents": sum(line.cents for line in own)})


@Endpoint(
    "POST",
    "/advances/<id:advance_id>/reverse",
    access=Access(treasurer=ALL),
    body=Reason,
    response=AdvanceWithLines,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def reverse_advance(advance_id: int, body: Reason) -> Reply:
    """Take an advance back by its mirror, unless an allocation counts it."""
    by, instant = current_actor(), now()

    def reverse() -> Reply:
        reversal = advances.reverse_advance(db.session(), advance_id, body.reason, by=by, now=instant)
        return reply(_posted(reversal.id), 201)

    return run_idempotent(body, reverse)


def _previewed(pool_id: int, wanted: AdvanceInput) -> AdvanceWithLines:
    session = db.session()
    queries.pool(session, pool_id)
    lines = advances.advance_lines(session, pool_id, wanted)
    return AdvanceWithLines(
        id=None,
        pool_id=pool_id,
        period_from=wanted.period_from,
        period_until=wanted.period_until,
        shares_on=wanted.shares_on,
        unit_cents=wanted.unit_cents,
        total_cents=sum(cents for *_rest, cents in lines),
        posted_at=None,
        note=wanted.note,
        reverses_id=None,
        reversed_by_id=None,
        lines=_lines(lines),
    )


def _posted(advance_id: int) -> AdvanceWithLines:
    session = db.session()
    view = Advance.model_validate(views.advance(session, advance_id))
    return AdvanceWithLines(**view.model_dump(), lines=_lines(views.owed_by_member(session, advance_id)))


def _lines(owed: Iterable[tuple[int, int, int]]) -> list[AdvanceLine]:
    return [AdvanceLine(member_id=member_id, shares=shares, cents=cents) for member_id, shares, cents in owed]
