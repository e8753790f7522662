"""Calls: closures, which keep a machine from everybody for a while."""

from __future__ import annotations

from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, Instant, RequestModel, ResponseModel, Text
from app.api.idempotency import answer_once
from app.api.problems import Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking import blockings, queries


class ClosureWish(RequestModel):
    """A machine is out of service from one instant until another, every place of it."""

    machine_id: Id
    starts_at: Instant
    ends_at: Instant
    reason: Text = ""


class Closure(ResponseModel):
    """A closure as it stands."""

    id: int
    machine_id: int
    starts_at: Instant
    ends_at: Instant
    reason: str
    revision: int


@Endpoint(
    "POST",
    "/closures",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=ClosureWish,
    response=Closure,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def close_machine(body: ClosureWish) -> Reply:
    """Take a machine out of service. A reservation in the way gives 409 `slot_taken`: decide about that first."""
    lookups.managed_machine(body.machine_id)
    span, by, instant = span_of(body), current_actor(), now()

    def close() -> Reply:
        session = db.session()
        closure_id = blockings.close(session, body.machine_id, span, body.reason, by=by, now=instant)
        return reply(Closure.model_validate(queries.closure(session, closure_id)), 201)

    return answer_once(body, close)
