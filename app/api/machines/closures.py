"""Endpoints of closures: spans in which a machine is out of service."""

from __future__ import annotations

from functools import partial

from pydantic import StrictBool

from app.api import revisions
from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, Instant, RequestModel, ResponseModel, Text
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking import queries
from booking.closures import blockings, closure_series
from booking.kernel.transaction import in_write_transaction


class NewClosure(RequestModel):
    """A span in which a machine, with all its places, is out of service.

    around_reservations: reservations in the span stay; the closure takes the rest, and what becomes free later.
    """

    machine_id: Id
    starts_at: Instant
    ends_at: Instant
    reason: Text = ""
    around_reservations: StrictBool = False


class ClosureChange(RequestModel):
    """The fields of a closure to change; omitted fields stay as they are.

    all_dates: of closures that repeat, all that are to come go with it: each begins and ends as much earlier or later
    by the clock, and gets its reason.
    """

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reason: Text | None = None
    around_reservations: StrictBool | None = None
    all_dates: StrictBool = False


class Closure(ResponseModel):
    """A closure of a machine."""

    id: int
    machine_id: int
    starts_at: Instant
    ends_at: Instant
    reason: str
    around_reservations: bool
    revision: int


@Endpoint(
    "POST",
    "/closures",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=NewClosure,
    response=Closure,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def close_machine(body: NewClosure) -> Reply:
    """Take a machine out of service. While a reservation overlaps, the answer is 409 `slot_taken`.

    With `around_reservations` the machine is closed at once for everybody else, and `GET /reservations` lists what is
    still reserved in the span.
    """
    lookups.managed_machine(body.machine_id)
    span, by, instant = span_of(body), current_actor(), now()

    def close() -> Reply:
        session = db.session()
        closure_id = blockings.close(
            session,
            body.machine_id,
            span,
            body.reason,
            by=by,
            now=instant,
            around_reservations=body.around_reservations,
        )
        return reply(Closure.model_validate(queries.closure(session, closure_id)), 201)

    return run_idempotent(body, close)


@Endpoint(
    "PATCH",
    "/closures/<id:closure_id>",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=ClosureChange,
    response=Closure,
    errors=(404, 409, 412),
    conditional=True,
)
def change_closure(closure_id: int, body: ClosureChange) -> Reply:
    """Change a closure. Time that it no longer covers is free at once. One around reservations stays one."""
    view = lookups.closure(closure_id)
    wanted = NewClosure(
        machine_id=view.machine_id,
        starts_at=body.starts_at or view.starts_at,
        ends_at=body.ends_at or view.ends_at,
        reason=view.reason if body.reason is None else body.reason,
        around_reservations=bool(body.around_reservations),
    )
    is_whole = None not in (body.starts_at, body.ends_at, body.reason)
    span, by, instant = span_of(wanted), current_actor(), now()
    revision = revisions.expected_of_part(view.revision, is_whole=is_whole)

    def change() -> Reply:
        session = db.session()
        verb = partial(closure_series.change_all, zone=view.zone) if body.all_dates else blockings.change
        verb(
            session,
            closure_id,
            span,
            wanted.reason,
            by=by,
            now=instant,
            revision=revision,
            around_reservations=wanted.around_reservations,
        )
        changed = queries.closure(session, closure_id)
        return reply(Closure.model_validate(changed), headers=revisions.etag(changed.revision))

    return in_write_transaction(db.session(), change)
