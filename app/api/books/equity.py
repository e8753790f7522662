"""Endpoints of equity: what members have really paid in, and settling with who left."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from flask_login import current_user
from pydantic import Field, StrictBool

from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
    WHOLE,
    Day,
    Instant,
    PageLength,
    RequestModel,
    ResponseModel,
    Text,
)
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.documents.composer import TextComposer
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.equity import equity, settlements
from billing.equity.equity import EquityInput
from billing.equity.settlements import Settlement
from billing.errors.equity_errors import EquityMoveNotFound
from billing.limits import CENTS_MAX
from billing.queries import equity as views
from billing.queries.equity import EquityMoveView
from booking.errors.schedule_errors import MemberNotFound
from booking.queries import member_names

SEEN = Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN)
TREASURERS = Access(treasurer=ALL)
Cents = Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX), WHOLE]
SetOffCents = Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX), WHOLE]


class EquityQuery(RequestModel):
    """A page of changes of equity. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class PaidIn(RequestModel):
    """What a member has really paid in. day: by when; not in the future, and not after the membership."""

    cents: Cents
    day: Day
    note: Text = ""


class EquityReason(RequestModel):
    """Why a change of equity is taken back."""

    reason: Text = Field(min_length=1)


class SettlementWish(RequestModel):
    """A settlement with a member who left. set_off_cents: less than the most, where the rest is paid; null: the most.

    preview: true returns what would be posted, false posts it. digest: of the preview that was seen; 409
    `stale_settlement` where the sums are others by now.
    """

    set_off_cents: SetOffCents | None = None
    preview: StrictBool = True
    digest: Annotated[str, Field(max_length=64)] | None = None


class EquityChange(ResponseModel):
    """A change of equity, or its reversal (reverses_id; note: why).

    kind: paid_in, leaving (from then on it is owed to who left) or set_off. held_cents, left_cents: paid in, and owed
    to who left, after it. document_id: of the statement that told it. note: of the treasurer; members get that of a
    reversal only.
    """

    id: int
    member_id: int
    kind: str
    day: date
    cents: int
    held_cents: int
    left_cents: int
    note: str
    made_at: Instant
    reverses_id: int | None
    reversed_by_id: int | None
    entry_id: int | None
    document_id: int | None


class MemberEquity(ResponseModel):
    """The equity of a member: paid in; of who left, still owed. items: its changes, the newest first."""

    member_id: int
    held_cents: int
    left_cents: int
    items: list[EquityChange]
    next: str | None


class SettlementPreview(ResponseModel):
    """What a settlement would post. made_of: topic -> cents of what is owed. moved_cents: becomes owed to who left."""

    member_id: int
    left_on: date
    owed_cents: int
    made_of: dict[str, int]
    equity_cents: int
    moved_cents: int
    most_cents: int
    set_off_cents: int
    owed_after_cents: int
    equity_after_cents: int
    digest: str


@Endpoint(
    "GET",
    "/members/<id:member_id>/equity",
    access=SEEN,
    query=EquityQuery,
    response=MemberEquity,
    errors=(404,),
)
def get_equity(member_id: int, query: EquityQuery) -> MemberEquity:
    """Get what a member has paid in, and each change of it. Members see only their own."""
    session = db.session()
    if not permissions.reaches_all() and member_id != current_user.member_id:
        raise MemberNotFound(id=member_id)
    if not member_names(session, [member_id]):
        raise MemberNotFound(id=member_id)
    rows, has_more = views.equity_moves(session, member_id, limit=query.limit, offset=query.cursor)
    found = equity.equity_of(session, member_id)
    return MemberEquity(
        member_id=member_id,
        held_cents=found.held_cents,
        left_cents=found.left_cents,
        items=[_change(row) for row in rows],
        next=str(query.cursor + len(rows)) if has_more else None,
    )


@Endpoint("GET", "/equity/<id:move_id>", access=SEEN, response=EquityChange, errors=(404,))
def get_equity_change(move_id: int) -> EquityChange:
    """Get a change of equity."""
    row = views.equity_move(db.session(), move_id)
    permissions.require(member_id=row.member_id, missing=EquityMoveNotFound(id=move_id))
    return _change(row)


@Endpoint(
    "POST",
    "/members/<id:member_id>/equity",
    access=TREASURERS,
    body=PaidIn,
    response=EquityChange,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_equity(member_id: int, body: PaidIn) -> Reply:
    """Enter what a member has really paid in: it is posted at once."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        wanted = EquityInput(member_id, body.day, body.cents, body.note)
        return _change_reply(equity.enter_equity(db.session(), wanted, by=by, now=instant).id)

    return run_idempotent(body, enter)


@Endpoint(
    "POST",
    "/equity/<id:move_id>/reverse",
    access=TREASURERS,
    body=EquityReason,
    response=EquityChange,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def reverse_equity(move_id: int, body: EquityReason) -> Reply:
    """Take a change of equity back by its mirror. What was set off is owed again, and a statement says so."""
    session, by, instant = db.session(), current_actor(), now()

    def reverse() -> Reply:
        writer = TextComposer(session)
        mirror = settlements.reverse_equity(session, move_id, body.reason, writer, by=by, now=instant)
        return _change_reply(mirror.id)

    return run_idempotent(body, reverse)


@Endpoint(
    "POST",
    "/members/<id:member_id>/settlement",
    access=TREASURERS,
    body=SettlementWish,
    response=SettlementPreview | EquityChange,
    status=201,
    extra_statuses=(200,),
    errors=(404, 409),
    idempotent=True,
)
def settle(member_id: int, body: SettlementWish) -> Reply:
    """Set what a member who left owes off against their equity: preview it (200), or post it (201).

    The numbered statement with the set-off is issued with it, and sent to the member.
    """
    session, by, instant = db.session(), current_actor(), now()
    if body.preview:
        return reply(_preview(settlements.preview_settlement(session, member_id, body.set_off_cents, now=instant)))

    def post() -> Reply:
        made = settlements.settle(
            session,
            member_id,
            TextComposer(session),
            digest=body.digest or "",
            set_off_cents=body.set_off_cents,
            by=by,
            now=instant,
        )
        return _change_reply(made.id)

    return run_idempotent(body, post)


def _change_reply(move_id: int) -> Reply:
    return reply(_change(views.equity_move(db.session(), move_id)), 201)


def _change(row: EquityMoveView) -> EquityChange:
    values = {name: getattr(row, name) for name in EquityChange.model_fields}
    if row.reverses_id is None and not permissions.reaches_all():
        values["note"] = ""
    return EquityChange(**values)


def _preview(found: Settlement) -> SettlementPreview:
    values = {name: getattr(found, name) for name in SettlementPreview.model_fields if name != "made_of"}
    return SettlementPreview(made_of=dict(found.made_of), **values)
