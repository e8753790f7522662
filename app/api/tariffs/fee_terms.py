"""Endpoints of fees for missed reservations: what a machine's terms are, and what cancelling now would cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from app.api.endpoints import Endpoint, reply
from app.api.fields import WHOLE, Day, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.fees import terms
from billing.fees.missed import fee_if_cancelled
from billing.fees.terms import FREE_MAX, HOURS_MAX, NOTICES_MAX, TermsEntry
from billing.limits import CENTS_MAX
from booking.queries import machine_card

Percent = Annotated[int, Field(strict=True, ge=1, le=100), WHOLE]


class Notice(RequestModel):
    """Cancelled less than so many hours before the start, so many percent of the planned price are owed."""

    hours: Annotated[int, Field(strict=True, ge=1, le=HOURS_MAX), WHOLE]
    percent: Percent


class NewTerms(RequestModel):
    """What missing a reservation costs, for those that begin on valid_from (today or later) or after it.

    cap_cents: at most; null for no limit. free_times: so many in twelve months cost nothing. base_cents: in place of a
    planned price that is known only after the use.
    """

    valid_from: Day
    no_show_percent: Annotated[int, Field(strict=True, ge=0, le=100), WHOLE]
    notices: list[Notice] = Field(default=[], max_length=NOTICES_MAX)
    cap_cents: Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX), WHOLE] | None = None
    free_times: Annotated[int, Field(strict=True, ge=0, le=FREE_MAX), WHOLE] = 0
    base_cents: Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX), WHOLE] = 0


class NoticeOut(ResponseModel):
    """A limit of hours with its percentage."""

    hours: int
    percent: int


class Terms(ResponseModel):
    """What missing a reservation costs from a day on, until the next terms begin."""

    valid_from: date
    no_show_percent: int
    notices: list[NoticeOut]
    cap_cents: int | None
    free_times: int
    base_cents: int


class TermsList(ResponseModel):
    """All terms of a machine, the newest first."""

    items: list[Terms]


class CancellationFee(ResponseModel):
    """What cancelling now would cost, if nobody else takes the time. is_free: one of those that cost nothing."""

    cents: int
    planned_cents: int
    percent: int
    is_free: bool


@Endpoint("GET", "/machines/<id:machine_id>/fee-terms", access=LOGGED_IN, response=TermsList, errors=(404,))
def list_fee_terms(machine_id: int) -> TermsList:
    """List what missing a reservation of a machine costs."""
    return _terms(machine_card(db.session(), machine_id).id)


@Endpoint(
    "POST",
    "/machines/<id:machine_id>/fee-terms",
    access=Access(treasurer=ALL),
    body=NewTerms,
    response=TermsList,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_fee_terms(machine_id: int, body: NewTerms) -> Reply:
    """Enter what missing a reservation costs from a day on; those of the same day are replaced."""
    by, instant = current_actor(), now()
    entry = TermsEntry(
        body.valid_from,
        body.no_show_percent,
        tuple((one.hours, one.percent) for one in body.notices),
        body.cap_cents,
        body.free_times,
        body.base_cents,
    )

    def enter() -> Reply:
        terms.set_terms(db.session(), machine_id, entry, by=by, now=instant)
        return reply(_terms(machine_id), 201)

    return run_idempotent(body, enter)


@Endpoint(
    "GET",
    "/reservations/<id:reservation_id>/cancellation-fee",
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    response=CancellationFee,
    errors=(404,),
)
def get_cancellation_fee(reservation_id: int) -> CancellationFee:
    """Get what cancelling a reservation now would cost its member; 0 where it is in time."""
    view = lookups.reservation(reservation_id)
    found = fee_if_cancelled(db.session(), view.id, now=now())
    if found is None:
        return CancellationFee(cents=0, planned_cents=0, percent=0, is_free=False)
    return CancellationFee(
        cents=found.cents, planned_cents=found.base_cents, percent=found.percent, is_free=found.is_free
    )


def _terms(machine_id: int) -> TermsList:
    items = [
        Terms(
            valid_from=one.valid_from,
            no_show_percent=one.no_show_percent,
            notices=[NoticeOut(hours=hours, percent=percent) for hours, percent in one.notices],
            cap_cents=one.cap_cents,
            free_times=one.free_times,
            base_cents=one.base_cents,
        )
        for one in terms.terms_history(db.session(), machine_id)
    ]
    return TermsList(items=items)
