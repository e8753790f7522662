"""Endpoints of whether members may exchange reservations, and of how long an answer may take."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import WHOLE, RequestModel, ResponseModel
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, Access
from app.clock import now
from app.extensions import db
from booking.errors.schedule_errors import NotFound
from booking.kernel.transaction import in_write_transaction
from booking.models import Ring
from booking.records import ring


class ExchangeRulesChange(RequestModel):
    """What is left out stays as it is. What is offered already can still be answered."""

    are_allowed: StrictBool | None = None
    hours: Annotated[int, Field(strict=True, ge=1, le=ring.EXCHANGE_HOURS_MAX), WHOLE] | None = None


class ExchangeRules(ResponseModel):
    """Whether members may hand over and swap reservations. hours: to answer, where the proposer chooses none."""

    are_allowed: bool
    hours: int
    revision: int


@Endpoint("GET", "/exchange-rules", access=LOGGED_IN, response=ExchangeRules, errors=(404,), conditional=True)
def get_exchange_rules() -> Reply:
    """Get whether members may hand over and swap reservations, and how long an answer may take."""
    return _reply(ring_record())


@Endpoint(
    "PATCH",
    "/exchange-rules",
    access=Access(admin=ALL),
    body=ExchangeRulesChange,
    response=ExchangeRules,
    errors=(404, 412),
    conditional=True,
)
def change_exchange_rules(body: ExchangeRulesChange) -> Reply:
    """Allow or forbid exchanges between members, and set how long an answer may take. The revision is the ring's."""
    session, by, instant = db.session(), current_actor(), now()
    revision = revisions.expected(ring_record().revision)

    def change() -> Reply:
        ring.set_exchange_rules(
            session, are_allowed=body.are_allowed, hours=body.hours, by=by, now=instant, revision=revision
        )
        return _reply(ring_record())

    return in_write_transaction(session, change)


def ring_record() -> Ring:
    """Return the record of the ring. Raises NotFound before set-up."""
    found = db.session().get(Ring, ring.THE_ONE)
    if found is None:
        raise NotFound()
    return found


def _reply(found: Ring) -> Reply:
    rules = ExchangeRules(are_allowed=found.are_exchanges_allowed, hours=found.exchange_hours, revision=found.revision)
    return reply(rules, 200, revisions.etag(found.revision))
