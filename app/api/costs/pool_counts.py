"""Endpoints of what a cost pool counts, from which day on."""

from __future__ import annotations

from datetime import date
from typing import Literal

from flask_babel import gettext as _
from pydantic import Field, model_validator

from app.api import revisions
from app.api.costs.costs import BillDay
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from billing import queries
from billing.pools import pool_scopes
from billing.pools.scopes import MACHINES_MAX, DatedScope, Scope
from billing.queries.pool_counts import pool_scopes as scopes_of_pool

TREASURERS = Access(treasurer=ALL, admin=ALL)
FIELDS = {"machines": "machine_ids", "group": "group_id", "workshop": "workshop_id"}


def _scope_fault(what: str, wanted: set[str]) -> str:
    if not wanted:
        return _("%(what)s: give no machines, group or workshop", what=what)
    return _("%(what)s: give %(field)s, and nothing else", what=what, field=" ".join(wanted))


class CountedScope(RequestModel):
    """What a pool counts: some machines, a group, a workshop or the whole ring.

    Exactly the field that belongs to `what` is given: machine_ids, group_id, workshop_id, for the ring none.
    """

    what: Literal["machines", "group", "workshop", "ring"]
    machine_ids: list[Id] = Field(default_factory=list, max_length=MACHINES_MAX)
    group_id: Id | None = None
    workshop_id: Id | None = None

    @model_validator(mode="after")
    def fits(self) -> CountedScope:
        """Refuse a field that belongs to another choice, and a choice without its field."""
        given = {field for field in FIELDS.values() if getattr(self, field)}
        wanted = {FIELDS[self.what]} if self.what in FIELDS else set()
        if given != wanted:
            raise ValueError(_scope_fault(self.what, wanted))
        return self

    def scope(self) -> Scope:
        """Return what was sent."""
        return Scope(self.what, self.group_id, self.workshop_id, tuple(sorted(set(self.machine_ids))))


class CountedFrom(CountedScope):
    """What a pool counts from a day on."""

    valid_from: BillDay


class TakenBack(RequestModel):
    """The day of a choice that is removed, so that the one before it holds on."""

    valid_from: BillDay


class Counted(ResponseModel):
    """What a pool counts from a day on, until the next one begins. Of `what`, one field says which."""

    valid_from: date
    what: str
    machine_ids: list[int]
    group_id: int | None
    workshop_id: int | None


class CountedList(ResponseModel):
    """All choices of a pool, the oldest first; 1990-01-01 is the beginning. next: always null."""

    items: list[Counted]
    next: str | None = None


@Endpoint("GET", "/pools/<id:pool_id>/counts", access=TREASURERS, response=CountedList, errors=(404,), conditional=True)
def get_pool_counts(pool_id: int) -> Reply:
    """Get what a pool counts since when."""
    return _reply(pool_id)


@Endpoint(
    "PUT",
    "/pools/<id:pool_id>/counts",
    access=Access(treasurer=ALL),
    body=CountedFrom,
    response=CountedList,
    errors=(404, 412),
    conditional=True,
)
def put_pool_counts(pool_id: int, body: CountedFrom) -> Reply:
    """Let a pool count something else from a day on. Posted allocations stay as they are."""
    revision = revisions.expected(queries.pool(db.session(), pool_id).revision)
    by, instant, wanted = current_actor(), now(), DatedScope(body.valid_from, body.scope())

    def put() -> Reply:
        pool_scopes.change_scope(db.session(), pool_id, wanted, by=by, now=instant, revision=revision)
        return _reply(pool_id)

    return run_idempotent(body, put)


@Endpoint(
    "POST",
    "/pools/<id:pool_id>/counts/take-back",
    access=Access(treasurer=ALL),
    body=TakenBack,
    response=CountedList,
    errors=(404,),
)
def take_back_pool_counts(pool_id: int, body: TakenBack) -> Reply:
    """Remove the choice of a day, so that the one before it holds on."""
    by, instant = current_actor(), now()

    def take_back() -> Reply:
        pool_scopes.take_back_scope(db.session(), pool_id, body.valid_from, by=by, now=instant)
        return _reply(pool_id)

    return run_idempotent(body, take_back)


def _reply(pool_id: int) -> Reply:
    session = db.session()
    items = [
        Counted(
            valid_from=one.valid_from,
            what=one.scope.what,
            machine_ids=list(one.scope.machine_ids),
            group_id=one.scope.group_id,
            workshop_id=one.scope.workshop_id,
        )
        for one in scopes_of_pool(session, pool_id)
    ]
    return reply(CountedList(items=items), headers=revisions.etag(queries.pool(session, pool_id).revision))
