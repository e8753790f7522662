"""Endpoints of the keys that pools compose themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from app.api import revisions
from app.api.costs.costs import BillDay
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, RequestModel, ResponseModel, ShortText
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from billing import queries
from billing.limits import AMOUNT_MAX
from billing.pools import pool_keys
from billing.pools.keys import BASES, WHOLE, KeyPart, KeyTerms
from billing.pools.pool_keys import METER_UNIT_LENGTH_MAX, DatedTerms
from billing.queries.pool_keys import PoolKeyView, pool_key
from billing.queries.pool_keys import pool_keys as keys_of_pool

TREASURERS = Access(treasurer=ALL, admin=ALL)
MEMBERS_MAX = 10_000


class Part(RequestModel):
    """A part of a key: what it looks at, and how much of the sum it divides, in ten-thousandths of 1 %."""

    base: Literal["use", "shares", "head", "percent", "meter"]
    percent: int = Field(WHOLE, strict=True, ge=1, le=WHOLE)


class MemberPercent(RequestModel):
    """The fixed percentage of a member, in ten-thousandths of 1 %."""

    member_id: Id
    percent: int = Field(strict=True, ge=1, le=WHOLE)


class KeyFacts(RequestModel):
    """What a key consists of. The percentages of `parts` make 1000000 (100 %) together, and so do those of members.

    minimum: who used less counts with so much, in small units of the use or thousandths of the meters' unit. cap:
    nobody bears more than so much of the sum, in ten-thousandths of 1 %; null: no cap. meter_unit: of readings (kWh).
    """

    name: ShortText = Field(min_length=1)
    parts: list[Part] = Field(min_length=1, max_length=len(BASES))
    minimum: int = Field(0, strict=True, ge=0, le=AMOUNT_MAX)
    cap: int | None = Field(None, strict=True, ge=1, le=WHOLE)
    meter_unit: str = Field("", max_length=METER_UNIT_LENGTH_MAX)
    percents: list[MemberPercent] = Field(default_factory=list, max_length=MEMBERS_MAX)

    def terms(self) -> KeyTerms:
        """Return what was sent."""
        parts = tuple(KeyPart(one.base, one.percent) for one in self.parts)
        percents = tuple(sorted((one.member_id, one.percent) for one in self.percents))
        return KeyTerms(parts, self.minimum, self.cap, self.meter_unit, percents)


class KeyFrom(KeyFacts):
    """What a key consists of from a day on."""

    valid_from: BillDay


class Terms(ResponseModel):
    """What a key consists of from a day on; 1990-01-01 is the beginning."""

    valid_from: date
    parts: list[Part]
    minimum: int
    cap: int | None
    meter_unit: str
    percents: list[MemberPercent]


class Key(ResponseModel):
    """A key of a pool. code: how the pool's `rules` name it. terms: the oldest first."""

    id: int
    pool_id: int
    name: str
    code: str
    terms: list[Terms]


class KeyList(ResponseModel):
    """The keys of a pool by name. next: always null."""

    items: list[Key]
    next: str | None = None


@Endpoint("GET", "/pools/<id:pool_id>/keys", access=TREASURERS, response=KeyList, errors=(404,))
def list_pool_keys(pool_id: int) -> KeyList:
    """List the keys that a pool composed itself."""
    session = db.session()
    queries.pool(session, pool_id)
    found = keys_of_pool(session, pool_id)
    terms = pool_keys.terms_of_keys(session, [one.id for one in found])
    return KeyList(items=[_as_key(one, terms[one.id]) for one in found])


@Endpoint(
    "POST",
    "/pools/<id:pool_id>/keys",
    access=Access(treasurer=ALL),
    body=KeyFacts,
    response=Key,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_pool_key(pool_id: int, body: KeyFacts) -> Reply:
    """Give a pool a key. Its terms hold from the beginning."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        made = pool_keys.enter_key(db.session(), pool_id, body.name, body.terms(), by=by, now=instant)
        return reply(_key(made.id), 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PUT",
    "/keys/<id:key_id>",
    access=Access(treasurer=ALL),
    body=KeyFrom,
    response=Key,
    errors=(404, 409, 412),
    conditional=True,
)
def put_pool_key(key_id: int, body: KeyFrom) -> Reply:
    """Give a key other terms from a day on; those entered for the same day are replaced."""
    revision = revisions.expected(pool_key(db.session(), key_id)[0].revision)
    by, instant, entry = current_actor(), now(), DatedTerms(body.valid_from, body.terms())

    def put() -> Reply:
        session = db.session()
        pool_keys.change_key(session, key_id, body.name, entry, by=by, now=instant, revision=revision)
        return reply(_key(key_id), headers=revisions.etag(pool_key(session, key_id)[0].revision))

    return run_idempotent(body, put)


def _key(key_id: int) -> Key:
    return _as_key(*pool_key(db.session(), key_id))


def _as_key(view: PoolKeyView, dated: Sequence[DatedTerms]) -> Key:
    terms = [
        Terms(
            valid_from=one.valid_from,
            parts=[Part.model_validate({"base": part.base, "percent": part.percent}) for part in one.terms.parts],
            minimum=one.terms.minimum,
            cap=one.terms.cap,
            meter_unit=one.terms.meter_unit,
            percents=[MemberPercent(member_id=member, percent=percent) for member, percent in one.terms.percents],
        )
        for one in dated
    ]
    return Key(id=view.id, pool_id=view.pool_id, name=view.name, code=view.code, terms=terms)
