"""Endpoints of accounting periods: soft-closing, and closing for good after a preview."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Instant, PageLength, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.closing import checklist, failed_pricing
from billing.closing import periods as closing
from billing.queries import periods as views
from booking.queries import ring_zone
from booking.times.wall_clock import local_day

PeriodName = Annotated[str, StringConstraints(pattern=r"^(199|20[0-9])[0-9](-(0[1-9]|1[0-2]))?$")]


class PeriodQuery(RequestModel):
    """A page of periods. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class PeriodRequest(RequestModel):
    """A period by its name: "2026", or "2026-03" where periods are months."""

    period: PeriodName


class ClosingRequest(PeriodRequest):
    """A period to close. preview: true returns what would be sealed, false closes it for good.

    digest: from a preview; the period is closed only if it still equals that preview. accept_open_points: it is closed
    in spite of the open points of the checklist.
    """

    preview: StrictBool = True
    digest: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    accept_open_points: StrictBool = False


class Period(ResponseModel):
    """An accounting period. state: open, soft_closed (only treasurers post in it) or closed (for good).

    Of a closed one: how many entries and lines it has, the sum of their debits, and the SHA-256 over all lines, which
    the event log has too. An empty one before it is closed with it, without them.
    """

    name: str
    first_day: date
    last_day: date
    state: Literal["open", "soft_closed", "closed"]
    entries: int | None
    lines: int | None
    debit_cents: int | None
    sha256: str | None
    closed_at: Instant | None


class PeriodList(ResponseModel):
    """Periods from the first entry until today, the newest first."""

    items: list[Period]
    next: str | None


class OpenPoint(ResponseModel):
    """Something that is missing in a period.

    Codes: events (hand-backs that are not processed yet; nobody can accept this one), failed (usage_ids, at most 20:
    slips that could not be priced because an error happened), unpriced (slips without a price), still_out (uses that
    have not ended), disputed (objections without an answer), held (usage_ids: deposits that wait for the price of a
    use that has ended), unallocated (costs, of cents), without_costs (pools without a cost in the period).
    """

    code: str
    count: int
    cents: int
    usage_ids: list[int]


class PricedAgain(ResponseModel):
    """How many slips were priced that could not be priced before."""

    priced: int


class Closing(ResponseModel):
    """What closing a period would seal. digest: name it to close exactly this."""

    name: str
    entries: int
    lines: int
    debit_cents: int
    sha256: str
    open_points: list[OpenPoint]
    digest: str


@Endpoint("GET", "/periods", access=Access(treasurer=ALL, admin=ALL), query=PeriodQuery, response=PeriodList)
def list_periods(query: PeriodQuery) -> PeriodList:
    """List the accounting periods."""
    found, has_more = views.periods(db.session(), _today(), limit=query.limit, offset=query.cursor)
    following = str(query.cursor + len(found)) if has_more else None
    return PeriodList(items=[Period.model_validate(one) for one in found], next=following)


@Endpoint(
    "POST",
    "/periods/close",
    access=Access(treasurer=ALL),
    body=ClosingRequest,
    response=Period | Closing,
    errors=(404, 409),
    idempotent=True,
    is_expensive=True,
)
def close_period(body: ClosingRequest) -> Reply:
    """Close a period for good, or preview that. It is never opened again: later costs are posted with their day."""
    instant, by = now(), current_actor()
    if body.preview:
        return reply(_previewed(closing.preview_closing(db.session(), body.period, now=instant)))

    def close() -> Reply:
        session = db.session()
        accepts = body.accept_open_points
        closing.close_period(session, body.period, digest=body.digest, accepts_open=accepts, by=by, now=instant)
        return _reply(body)

    return run_idempotent(body, close)


@Endpoint(
    "POST",
    "/periods/soft-close",
    access=Access(treasurer=ALL),
    body=PeriodRequest,
    response=Period,
    errors=(404, 409),
    idempotent=True,
)
def soft_close_period(body: PeriodRequest) -> Reply:
    """Keep everybody but treasurers from posting in a period. /periods/reopen takes it back."""
    return _changed(body, closing.soft_close)


@Endpoint(
    "POST",
    "/periods/reopen",
    access=Access(treasurer=ALL),
    body=PeriodRequest,
    response=Period,
    errors=(404, 409),
    idempotent=True,
)
def reopen_period(body: PeriodRequest) -> Reply:
    """Open a soft-closed period again."""
    return _changed(body, closing.reopen)


@Endpoint(
    "POST",
    "/periods/price-again",
    access=Access(treasurer=ALL),
    response=PricedAgain,
    idempotent=True,
)
def price_again() -> Reply:
    """Try once more to price the slips of the open point `failed`, also those of other periods."""
    instant = now()

    def price() -> Reply:
        return reply(PricedAgain(priced=failed_pricing.price_again(db.session(), now=instant)))

    return run_idempotent(None, price)


def _changed(body: PeriodRequest, verb: Callable[..., object]) -> Reply:
    instant, by = now(), current_actor()

    def change() -> Reply:
        verb(db.session(), body.period, by=by, now=instant)
        return _reply(body)

    return run_idempotent(body, change)


def _reply(body: PeriodRequest) -> Reply:
    return reply(Period.model_validate(views.period(db.session(), body.period, _today())))


def _previewed(shown: closing.Closing) -> Closing:
    return Closing(
        name=shown.period.name,
        entries=shown.content.entries,
        lines=shown.content.lines,
        debit_cents=shown.content.debit_cents,
        sha256=shown.content.sha256,
        open_points=[_point(one) for one in shown.points],
        digest=shown.digest,
    )


def _point(one: checklist.OpenPoint) -> OpenPoint:
    return OpenPoint(code=one.code, count=one.count, cents=one.cents, usage_ids=list(one.slips))


def _today() -> date:
    return local_day(now(), ring_zone(db.session()))
