"""Endpoints of cost pools and the costs in them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, WithJsonSchema

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    CENTURY_DAY,
    PAGE_LENGTH,
    WHOLE,
    Day,
    Id,
    PageLength,
    QueryId,
    RequestModel,
    ResponseModel,
    ShortText,
    Text,
)
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing import queries
from billing.limits import CENTS_MAX
from billing.pools import costs
from billing.pools.costs import CostEntry

BILL_DAY_PATTERN = rf"^(199[0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])|{CENTURY_DAY})$"

# Enforced by billing/limits.py; repeated here so that the OpenAPI document states the bounds.
BillCents = Annotated[
    int, Field(strict=True, ge=-CENTS_MAX, le=CENTS_MAX, json_schema_extra={"not": {"const": 0}}), WHOLE
]
BillDay = Annotated[Day, WithJsonSchema({"type": "string", "format": "date", "pattern": BILL_DAY_PATTERN})]


class Pool(ResponseModel):
    """A cost pool. rules: kind of cost -> key. unallocated_*: costs not allocated yet.

    machine_id: the machine that it counts; if counts_machine is false, it counts (or counted) something else, see
    `/pools/{pool_id}/counts`, and this is one of the machines.

    Keys: use (the members who used the machine in the period, by the amount used), shares (the members who hold
    shares of the pool on the day of the cost, by their shares), head (those members, each the same part; if nobody
    holds shares, those who used the machine in the period). excludes_guests: members of the price class "guest" bear
    nothing. charges_are: what the usage charges of the machine are, "income" (owed in addition to the share of the
    costs) or "advance" (they count against it); null while that is not decided. proposed_period: the accounting year of
    the oldest unallocated cost, null without one.
    """

    id: int
    name: str
    machine_id: int
    counts_machine: bool
    rules: dict[str, str]
    excludes_guests: bool
    charges_are: str | None
    unallocated_count: int = Field(validation_alias="waiting_count")
    unallocated_cents: int = Field(validation_alias="waiting_cents")
    proposed_period: str | None


class PoolList(ResponseModel):
    """All pools by name. next: always null, because the list is complete."""

    items: list[Pool]
    next: str | None = None


class CostFilter(RequestModel):
    """Filter of costs. cursor: `next` of the previous page."""

    pool_id: QueryId
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class CostChange(RequestModel):
    """A cost as it shall be, whole. confirmed_cents: as of NewCost."""

    service_date: BillDay
    supplier: ShortText = Field(min_length=1)
    kind: ShortText = Field(min_length=1)
    net_cents: BillCents
    document_number: ShortText = ""
    note: Text = ""
    confirmed_cents: BillCents | None = None

    def entry(self) -> CostEntry:
        """Return what was sent."""
        return CostEntry(self.service_date, self.supplier, self.kind, self.net_cents, self.document_number, self.note)


class NewCost(CostChange):
    """A cost to enter. net_cents: without VAT, negative for a credit note. kind: a key of the pool's `rules`.

    confirmed_cents: net_cents once more, for what was refused as unusual_cost and is right.
    """

    pool_id: Id


class Cost(ResponseModel):
    """A cost of a pool. allocation_id: the allocation that divided it, null while it is unallocated."""

    id: int
    pool_id: int
    service_date: date
    supplier: str
    kind: str
    net_cents: int
    document_number: str = Field(validation_alias="document")
    note: str
    allocation_id: int | None
    revision: int


class CostList(ResponseModel):
    """Costs, newest first. next: the cursor of the next page, null on the last one."""

    items: list[Cost]
    next: str | None


@Endpoint("GET", "/pools", access=Access(treasurer=ALL, admin=ALL), response=PoolList)
def list_pools() -> PoolList:
    """List the cost pools with their unallocated costs."""
    return PoolList(items=[Pool.model_validate(pool) for pool in queries.pools(db.session())])


@Endpoint("GET", "/costs", access=Access(treasurer=ALL, admin=ALL), query=CostFilter, response=CostList, errors=(404,))
def list_costs(query: CostFilter) -> CostList:
    """List the costs of a pool."""
    session = db.session()
    queries.pool(session, query.pool_id)
    found, has_more = queries.costs(session, query.pool_id, limit=query.limit, offset=query.cursor)
    next_cursor = str(query.cursor + len(found)) if has_more else None
    return CostList(items=[Cost.model_validate(cost) for cost in found], next=next_cursor)


@Endpoint(
    "POST",
    "/costs",
    access=Access(treasurer=ALL),
    body=NewCost,
    response=Cost,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_cost(body: NewCost) -> Reply:
    """Enter a cost into a pool. What is unusual is refused until it is confirmed.

    Unusual are an amount of ten times the usual one or more, and a day of service more than a year ahead; the refusal
    names all of it.
    """
    by, instant = current_actor(), now()

    def write() -> Reply:
        session = db.session()
        confirmed = body.confirmed_cents
        cost = costs.enter_cost(session, body.pool_id, body.entry(), by=by, now=instant, confirmed_cents=confirmed)
        return reply(Cost.model_validate(queries.cost(session, cost.id)), 201)

    return run_idempotent(body, write)


@Endpoint(
    "GET",
    "/costs/<id:cost_id>",
    access=Access(treasurer=ALL, admin=ALL),
    response=Cost,
    errors=(404,),
    conditional=True,
)
def get_cost(cost_id: int) -> Reply:
    """Get a cost."""
    return _reply(cost_id)


@Endpoint(
    "PUT",
    "/costs/<id:cost_id>",
    access=Access(treasurer=ALL),
    body=CostChange,
    response=Cost,
    errors=(404, 409, 412),
    conditional=True,
)
def put_cost(cost_id: int, body: CostChange) -> Reply:
    """Correct a cost while it waits for an allocation. It is checked as if it were entered."""
    revision = revisions.expected(queries.cost(db.session(), cost_id).revision)
    by, instant, confirmed = current_actor(), now(), body.confirmed_cents

    def put() -> Reply:
        costs.change_cost(
            db.session(), cost_id, body.entry(), by=by, now=instant, revision=revision, confirmed_cents=confirmed
        )
        return _reply(cost_id)

    return run_idempotent(body, put)


@Endpoint(
    "POST",
    "/costs/<id:cost_id>/delete",
    access=Access(treasurer=ALL),
    response=Pool,
    errors=(404, 409, 412),
    conditional=True,
)
def delete_cost(cost_id: int) -> Reply:
    """Delete a cost that was never allocated, and return its pool. The ETag is of the pool."""
    by, instant = current_actor(), now()

    def remove() -> Reply:  # looks up itself: sent again with its key, it finds the reply and no cost any more
        session = db.session()
        stored = queries.cost(session, cost_id)
        costs.delete_cost(session, cost_id, by=by, now=instant, revision=revisions.expected(stored.revision))
        pool = queries.pool(session, stored.pool_id)
        return reply(Pool.model_validate(pool), headers=revisions.etag(pool.revision))

    return run_idempotent(None, remove)


def _reply(cost_id: int) -> Reply:
    found = queries.cost(db.session(), cost_id)
    return reply(Cost.model_validate(found), headers=revisions.etag(found.revision))
