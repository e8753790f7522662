"""Endpoints of closures that repeat."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool

from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, Instant, RequestModel, ResponseModel, Text
from app.api.idempotency import run_idempotent
from app.api.machines.closures import Closure
from app.api.problems import Reply
from app.api.series.series_models import Rrule
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking.closures import closure_series
from booking.kernel.transaction import in_write_transaction
from booking.queries import closure_series as closure_series_queries
from booking.times import recurrence
from booking.times.series_times import SeriesTimes, length_by_clock
from booking.times.wall_clock import to_wall

MANAGER = Access(manager=WORKSHOP, admin=ALL)


class NewClosureSeries(RequestModel):
    """A machine that is closed again and again. starts_at, ends_at: of the first time.

    rrule: as for a series of reservations: FREQ=DAILY, WEEKLY or MONTHLY, with COUNT or UNTIL, at most 200 times.
    passage: 0 or 1, which of the two times is meant where the clock shows a start twice.
    """

    machine_id: Id
    starts_at: Instant
    ends_at: Instant
    rrule: Rrule
    reason: Text = ""
    around_reservations: StrictBool = False
    passage: Annotated[int, Field(strict=True, ge=0, le=1)] | None = None


class RepeatedClosures(ResponseModel):
    """Closures that were entered together, in the order of their days. rrule: with UNTIL as a day."""

    id: int
    machine_id: int
    rrule: str
    closures: list[Closure]


@Endpoint(
    "POST",
    "/closure-series",
    access=MANAGER,
    body=NewClosureSeries,
    response=RepeatedClosures,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def close_repeatedly(body: NewClosureSeries) -> Reply:
    """Take a machine out of service again and again: all of its closures are entered, or none.

    While a reservation overlaps one of them, the answer is 409 `slot_taken`; with `around_reservations` each is closed
    around what is reserved, and `GET /breakdowns/{closure_id}` plans for it.
    """
    card = lookups.managed_machine(body.machine_id)
    span, by, instant = span_of(body), current_actor(), now()
    wall = to_wall(span.start, card.zone)
    rule = recurrence.parse(body.rrule, wall, card.zone)
    times = SeriesTimes(rule, card.zone, wall, length_by_clock(span, card.zone), body.passage)

    def close() -> Reply:
        series_id = closure_series.close_repeatedly(
            db.session(),
            body.machine_id,
            times,
            body.reason,
            by=by,
            now=instant,
            around_reservations=body.around_reservations,
        )
        return reply(_model(series_id), 201)

    return run_idempotent(body, close)


@Endpoint("GET", "/closure-series/<id:closure_series_id>", access=MANAGER, response=RepeatedClosures, errors=(404,))
def read_closure_series(closure_series_id: int) -> RepeatedClosures:
    """Return closures that were entered together, also those that were lifted."""
    lookups.closure_series(closure_series_id)
    return _model(closure_series_id)


@Endpoint(
    "POST",
    "/closure-series/<id:closure_series_id>/lift",
    access=MANAGER,
    response=RepeatedClosures,
    errors=(404, 409),
)
def lift_closure_series(closure_series_id: int) -> Reply:
    """End those of the closures that are on or to come. Each is changed with `PATCH /closures/{closure_id}`."""
    lookups.closure_series(closure_series_id)
    by, instant = current_actor(), now()

    def lift() -> Reply:
        closure_series.lift_all(db.session(), closure_series_id, by=by, now=instant)
        return reply(_model(closure_series_id))

    return in_write_transaction(db.session(), lift)


def _model(series_id: int) -> RepeatedClosures:
    session = db.session()
    view = closure_series_queries.closure_series(session, series_id)
    closures = [Closure.model_validate(one) for one in closure_series_queries.closures_of(session, view)]
    return RepeatedClosures(id=view.id, machine_id=view.machine_id, rrule=view.rrule, closures=closures)
