"""Endpoints of how many dates a series may have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import WHOLE, RequestModel, ResponseModel
from app.api.problems import Reply
from app.api.reservations.exchange_rules import ring_record
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, Access
from app.clock import now
from app.extensions import db
from booking.kernel.transaction import in_write_transaction
from booking.records import ring
from booking.times.recurrence import OCCURRENCES_MAX, OCCURRENCES_STORED_MAX


class SeriesRulesChange(RequestModel):
    """How many dates a series may have that managers enter. Longer series that exist stay as they are."""

    dates_by_managers: Annotated[int, Field(strict=True, ge=OCCURRENCES_MAX, le=OCCURRENCES_STORED_MAX), WHOLE]


class SeriesRules(ResponseModel):
    """How many dates a series may have at most. dates_by_managers: also by administrators."""

    dates_by_members: int
    dates_by_managers: int
    revision: int


@Endpoint("GET", "/series-rules", access=LOGGED_IN, response=SeriesRules, errors=(404,), conditional=True)
def get_series_rules() -> Reply:
    """Get how many dates a series may have at most, entered by members and by managers."""
    return _reply()


@Endpoint(
    "PATCH",
    "/series-rules",
    access=Access(admin=ALL),
    body=SeriesRulesChange,
    response=SeriesRules,
    errors=(404, 412),
    conditional=True,
)
def change_series_rules(body: SeriesRulesChange) -> Reply:
    """Set how many dates a series may have that managers enter. The revision is the ring's."""
    session, by, instant = db.session(), current_actor(), now()
    revision = revisions.expected(ring_record().revision)

    def change() -> Reply:
        ring.set_series_dates(session, body.dates_by_managers, by=by, now=instant, revision=revision)
        return _reply()

    return in_write_transaction(session, change)


def _reply() -> Reply:
    found = ring_record()
    rules = SeriesRules(
        dates_by_members=OCCURRENCES_MAX, dates_by_managers=found.series_dates_managers, revision=found.revision
    )
    return reply(rules, 200, revisions.etag(found.revision))
