"""Endpoints of fees: what members owe that is no use of a machine. Members see their own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from flask_login import current_user
from pydantic import Field, StrictBool, StringConstraints

from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
    WHOLE,
    Day,
    Id,
    Instant,
    PageLength,
    QueryId,
    RequestModel,
    ResponseModel,
    ShortText,
    Text,
)
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.errors.fee_errors import FeeNotFound
from billing.fees import dues, posting
from billing.fees.dues import DuesInput
from billing.fees.posting import FeeInput
from billing.limits import CENTS_MAX
from billing.queries import fees as views
from billing.queries.fees import FeeFilter, FeeView

SEEN = Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN)
TREASURERS = Access(treasurer=ALL)
Kind = Literal["no_show", "late_cancel", "dues", "material", "other", "deposit"]
EnteredKind = Literal["material", "other"]
VatCode = Literal["standard", "reduced", "exempt", "outside"]
Quantity = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{1,7}(\.[0-9]{1,3})?$")]
UnitPrice = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{1,7}(\.[0-9]{1,4})?$")]
UnitText = Annotated[ShortText, Field(max_length=20)]
Cents = Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX), WHOLE]


class FeeQuery(RequestModel):
    """Which fees; member_id: for the treasurer. period: in which their service begins.

    cursor: `next` of the previous page.
    """

    kind: Kind | None = None
    member_id: QueryId | None = None
    period: Period | None = None
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class NewFee(RequestModel):
    """A fee: quantity x unit_price (decimals as text, euro), rounded once. service_date: not in the future.

    vat_code: null for what is said for other lines of documents.
    """

    kind: EnteredKind
    member_id: Id
    service_date: Day
    text: ShortText = Field(min_length=1)
    quantity: Quantity = "1"
    unit: UnitText = ""
    unit_price: UnitPrice
    machine_id: Id | None = None
    vat_code: VatCode | None = None


class NewDues(RequestModel):
    """Dues of all who are members on a day and pay by one of some price classes; who owes them already is left out.

    preview: true returns who would owe them, false posts them. digest: of the preview that was seen; 409 `stale_dues`
    where it has changed.
    """

    period: Period
    members_on: Day
    cents: Cents
    price_classes: list[ShortText] = Field(min_length=1, max_length=50)
    text: ShortText = Field(min_length=1)
    vat_code: VatCode | None = None
    preview: StrictBool = True
    digest: Annotated[str, Field(max_length=64)] | None = None


class FeeReason(RequestModel):
    """Why a fee is taken back."""

    reason: Text = Field(min_length=1)


class Fee(ResponseModel):
    """A fee or its reversal (reverses_id; text: why). calculation: every number that the cents come from."""

    id: int
    kind: str
    member_id: int
    machine_id: int | None
    reservation_id: int | None
    service_from: date
    service_until: date
    text: str
    cents: int
    calculation: dict[str, Any]
    vat_code: str | None
    made_at: Instant
    reverses_id: int | None
    reversed_by_id: int | None
    entry_id: int | None


class FeeList(ResponseModel):
    """Fees and reversals, the newest first."""

    items: list[Fee]
    next: str | None


class Dues(ResponseModel):
    """Who would owe dues, or owes them now. left_out: members who owed them before."""

    member_ids: list[int]
    left_out: int
    cents: int
    total_cents: int
    digest: str


@Endpoint("GET", "/fees", access=SEEN, query=FeeQuery, response=FeeList)
def list_fees(query: FeeQuery) -> FeeList:
    """List fees. Members see only their own."""
    own = None if permissions.reaches_all() else current_user.member_id
    since, until = days_of(query.period) if query.period else (None, None)
    if own is not None and query.member_id not in (None, own):
        return FeeList(items=[], next=None)
    wanted = FeeFilter(query.kind or "", own or query.member_id, since=since, until=until)
    rows, has_more = views.fees(db.session(), wanted, limit=query.limit, offset=query.cursor)
    return FeeList(items=[_fee(row) for row in rows], next=str(query.cursor + len(rows)) if has_more else None)


@Endpoint("GET", "/fees/<id:fee_id>", access=SEEN, response=Fee, errors=(404,))
def get_fee(fee_id: int) -> Fee:
    """Get a fee with its working."""
    row = views.fee(db.session(), fee_id)
    permissions.require(member_id=row.member_id, missing=FeeNotFound(id=fee_id))
    return _fee(row)


@Endpoint("POST", "/fees", access=TREASURERS, body=NewFee, response=Fee, status=201, errors=(404, 409), idempotent=True)
def enter_fee(body: NewFee) -> Reply:
    """Enter a fee: the member owes it at once and gets a mail."""
    by, instant = current_actor(), now()
    wanted = FeeInput(
        body.kind,
        body.member_id,
        body.service_date,
        body.text,
        Decimal(body.quantity),
        Decimal(body.unit_price),
        body.unit,
        body.machine_id,
        body.vat_code,
    )

    def enter() -> Reply:
        made = posting.enter_fee(db.session(), wanted, by=by, now=instant)
        return fee_reply(made.id)

    return run_idempotent(body, enter)


@Endpoint(
    "POST",
    "/fees/<id:fee_id>/reverse",
    access=TREASURERS,
    body=FeeReason,
    response=Fee,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def reverse_fee(fee_id: int, body: FeeReason) -> Reply:
    """Take a fee back by its mirror. The member gets a mail."""
    by, instant = current_actor(), now()

    def reverse() -> Reply:
        reversal = posting.reverse_fee(db.session(), fee_id, body.reason, by=by, now=instant)
        return fee_reply(reversal.id)

    return run_idempotent(body, reverse)


@Endpoint(
    "POST",
    "/fees/dues",
    access=TREASURERS,
    body=NewDues,
    response=Dues,
    status=201,
    extra_statuses=(200,),
    errors=(409,),
    idempotent=True,
)
def post_dues(body: NewDues) -> Reply:
    """Call membership dues: preview who would owe them (200), or post them all at once (201)."""
    by, instant = current_actor(), now()
    wanted = DuesInput(
        *days_of(body.period), body.members_on, body.cents, frozenset(body.price_classes), body.text, body.vat_code
    )
    if body.preview:
        return reply(_dues(dues.preview_dues(db.session(), wanted)))

    def post() -> Reply:
        return reply(_dues(dues.post_dues(db.session(), wanted, by=by, now=instant, digest=body.digest)), 201)

    return run_idempotent(body, post)


def fee_reply(fee_id: int) -> Reply:
    """Return the answer to what made a fee."""
    return reply(_fee(views.fee(db.session(), fee_id)), 201)


def _dues(preview: dues.DuesPreview) -> Dues:
    return Dues(**{name: getattr(preview, name) for name in Dues.model_fields})


def _fee(row: FeeView) -> Fee:
    same = {name: getattr(row, name) for name in Fee.model_fields if name != "vat_code"}
    return Fee(vat_code=row.tax_code, **same)
