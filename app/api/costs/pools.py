"""Endpoints of cost pools: opening and changing one, and who holds how many shares of it since when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from app.api import revisions
from app.api.costs.costs import BillDay, Pool
from app.api.costs.pool_counts import CountedScope
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, WHOLE, Id, PageLength, RequestModel, ResponseModel, ShortText
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing import queries
from billing.limits import SHARES_MAX
from billing.pools import pool_scopes, pools, shares

READERS, TREASURERS = Access(treasurer=ALL, admin=ALL), Access(treasurer=ALL)
KINDS_MAX = 50
Rules = Annotated[dict[ShortText, ShortText], Field(min_length=1, max_length=KINDS_MAX)]
ChargesAre = Literal["income", "advance"]


class NewPool(CountedScope):
    """A pool that has always counted something. rules: kind of cost -> key; the others are those of Pool."""

    name: ShortText = Field(min_length=1)
    rules: Rules
    excludes_guests: StrictBool = False
    charges_are: ChargesAre | None = None


class PoolChange(RequestModel):
    """What is left out stays as it is."""

    name: ShortText | None = Field(None, min_length=1)
    rules: Rules | None = None
    excludes_guests: StrictBool | None = None
    charges_are: ChargesAre | None = None


class ShareFilter(RequestModel):
    """A page of shares. cursor: `next` of the page before."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class ShareFrom(RequestModel):
    """How many shares a member holds from a day on; 0 ends the holding. The same day again replaces.

    outlasts_membership: they count after the last day of the membership, too.
    """

    member_id: Id
    valid_from: BillDay
    shares: Annotated[int, Field(strict=True, ge=0, le=SHARES_MAX), WHOLE]
    outlasts_membership: StrictBool = False


class Share(ResponseModel):
    """How many shares a member holds from a day on, until the member's next row."""

    member_id: int
    valid_from: date
    shares: int
    outlasts_membership: bool


class ShareList(ResponseModel):
    """The shares of a pool by member and day."""

    items: list[Share]
    next: str | None


@Endpoint("GET", "/pools/<id:pool_id>", access=READERS, response=Pool, errors=(404,), conditional=True)
def get_pool(pool_id: int) -> Reply:
    """Get a cost pool."""
    return _reply(pool_id)


@Endpoint(
    "POST",
    "/pools",
    access=TREASURERS,
    body=NewPool,
    response=Pool,
    status=201,
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def open_pool(body: NewPool) -> Reply:
    """Open a cost pool for machines, a group, a workshop or the whole ring."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        made = pool_scopes.open_pool(
            db.session(),
            body.scope(),
            body.name,
            body.rules,
            by=by,
            now=instant,
            excludes_guests=body.excludes_guests,
            charges_are=body.charges_are,
        )
        return _reply(made.id, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PATCH",
    "/pools/<id:pool_id>",
    access=TREASURERS,
    body=PoolChange,
    response=Pool,
    errors=(404, 409, 412),
    conditional=True,
)
def change_pool(pool_id: int, body: PoolChange) -> Reply:
    """Change the name of a pool, its kinds of cost with their keys, or what its charges are."""
    stored = queries.pool(db.session(), pool_id)
    sent = {name: value for name in body.model_fields_set if (value := getattr(body, name)) is not None}
    wanted = {name: getattr(stored, name) for name in PoolChange.model_fields} | sent
    revision = revisions.expected_of_part(stored.revision, is_whole=set(wanted) == set(sent))
    by, instant = current_actor(), now()

    def change() -> Reply:
        pools.change_pool(db.session(), pool_id, by=by, now=instant, revision=revision, **wanted)
        return _reply(pool_id)

    return run_idempotent(body, change)


@Endpoint("GET", "/pools/<id:pool_id>/shares", access=READERS, query=ShareFilter, response=ShareList, errors=(404,))
def list_shares(pool_id: int, query: ShareFilter) -> ShareList:
    """List who holds how many shares of a pool since when."""
    session = db.session()
    queries.pool(session, pool_id)
    found, has_more = queries.page_of_shares(session, pool_id, limit=query.limit, offset=query.cursor)
    following = str(query.cursor + len(found)) if has_more else None
    return ShareList(items=[Share.model_validate(one) for one in found], next=following)


@Endpoint("PUT", "/pools/<id:pool_id>/shares", access=TREASURERS, body=ShareFrom, response=Share, errors=(404,))
def put_shares(pool_id: int, body: ShareFrom) -> Reply:
    """Set how many shares a member holds from a day on. Posted allocations stay as they are."""
    by, instant = current_actor(), now()

    def put() -> Reply:
        row = shares.set_shares(
            db.session(),
            pool_id,
            body.member_id,
            body.shares,
            body.valid_from,
            by=by,
            now=instant,
            outlasts_membership=body.outlasts_membership,
        )
        return reply(Share.model_validate(row))

    return run_idempotent(body, put)


def _reply(pool_id: int, status: int = 200) -> Reply:
    view = queries.pool(db.session(), pool_id)
    return reply(Pool.model_validate(view), status, revisions.etag(view.revision))
