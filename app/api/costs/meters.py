"""Endpoints of the meters of members and of their readings."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from app.api.costs.costs import BillDay
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Id, PageLength, RequestModel, ResponseModel, ShortText
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing import queries
from billing.pools import meters, readings
from billing.pools.meters import READING_MAX
from billing.pools.readings import ReadingEntry
from billing.queries.pool_keys import meter, page_of_meters
from billing.queries.readings import day_readings
from booking.queries import ring_zone
from booking.times.wall_clock import local_day

TREASURERS = Access(treasurer=ALL, admin=ALL)
NEWEST = 50  # readings that a meter has with it; all are in its own list


class NewMeter(RequestModel):
    """A member's meter. name: the number on it."""

    member_id: Id
    name: ShortText = Field(min_length=1)


class ReadingDay(RequestModel):
    """The reading of a day."""

    read_on: BillDay


class NewReading(ReadingDay):
    """What a meter showed on a day, in thousandths of its unit. restart: of the new meter, where it was changed."""

    reading: int = Field(strict=True, ge=0, le=READING_MAX)
    restart: int | None = Field(None, strict=True, ge=0, le=READING_MAX)


class MeterPage(RequestModel):
    """A page of a list. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class Reading(ResponseModel):
    """What a meter showed on a day, in thousandths of its unit; restart: of the new meter, where it was changed."""

    read_on: date
    reading: int
    restart: int | None


class EnteredReading(ResponseModel):
    """What was entered for a day; number: 1, 2, 3 ... of the day. reading: null where it was withdrawn."""

    number: int
    reading: int | None
    restart: int | None
    entered_at: datetime


class DayReadings(EnteredReading):
    """What holds of a day, and what was entered for it before, the newest first.

    counted: since the reading before it; null for the first one, and where it was withdrawn.
    """

    read_on: date
    counted: int | None
    before: list[EnteredReading]


class DayReadingsList(ResponseModel):
    """A page of the days for which something was entered, the newest first."""

    items: list[DayReadings]
    next: str | None = None


class Meter(ResponseModel):
    """A member's meter with its newest 50 readings."""

    id: int
    pool_id: int
    member_id: int
    name: str
    readings: list[Reading]


class MeterList(ResponseModel):
    """A page of the meters of a pool by name."""

    items: list[Meter]
    next: str | None = None


@Endpoint("GET", "/pools/<id:pool_id>/meters", access=TREASURERS, query=MeterPage, response=MeterList, errors=(404,))
def list_meters(pool_id: int, query: MeterPage) -> MeterList:
    """List the meters of a pool with their newest readings."""
    session = db.session()
    queries.pool(session, pool_id)
    found, has_more = page_of_meters(session, pool_id, readings=NEWEST, limit=query.limit, offset=query.cursor)
    following = str(query.cursor + len(found)) if has_more else None
    return MeterList(items=[Meter.model_validate(one) for one in found], next=following)


@Endpoint(
    "POST",
    "/pools/<id:pool_id>/meters",
    access=Access(treasurer=ALL),
    body=NewMeter,
    response=Meter,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_meter(pool_id: int, body: NewMeter) -> Reply:
    """Enter a member's meter."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        made = meters.enter_meter(db.session(), pool_id, body.member_id, body.name, by=by, now=instant)
        return _reply(made.id, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "GET",
    "/meters/<id:meter_id>/readings",
    access=TREASURERS,
    query=MeterPage,
    response=DayReadingsList,
    errors=(404,),
)
def list_meter_readings(meter_id: int, query: MeterPage) -> DayReadingsList:
    """List what was entered for a meter, corrected and withdrawn readings included."""
    session = db.session()
    meter(session, meter_id, readings=0)
    found, has_more = day_readings(session, meter_id, limit=query.limit, offset=query.cursor)
    items = [
        DayReadings(
            read_on=one.holds.read_on,
            counted=one.counted,
            before=[EnteredReading.model_validate(former) for former in one.before],
            **EnteredReading.model_validate(one.holds).model_dump(),
        )
        for one in found
    ]
    return DayReadingsList(items=items, next=str(query.cursor + len(found)) if has_more else None)


@Endpoint(
    "POST",
    "/meters/<id:meter_id>/readings",
    access=Access(treasurer=ALL),
    body=NewReading,
    response=Meter,
    status=201,
    errors=(404,),
    idempotent=True,
)
def enter_meter_reading(meter_id: int, body: NewReading) -> Reply:
    """Enter what a meter showed on a day, or correct it; one below the last, or that an allocation used, is refused."""
    by, instant = current_actor(), now()
    entry = ReadingEntry(body.read_on, body.reading, body.restart)

    def enter() -> Reply:
        session = db.session()
        today = local_day(instant, ring_zone(session))
        readings.enter_reading(session, meter_id, entry, today=today, by=by, now=instant)
        return _reply(meter_id, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "POST",
    "/meters/<id:meter_id>/readings/withdraw",
    access=Access(treasurer=ALL),
    body=ReadingDay,
    response=Meter,
    errors=(404,),
    idempotent=True,
)
def withdraw_meter_reading(meter_id: int, body: ReadingDay) -> Reply:
    """Withdraw the reading of a day; one that an allocation used is refused."""
    by, instant = current_actor(), now()

    def withdraw() -> Reply:
        readings.withdraw_reading(db.session(), meter_id, body.read_on, by=by, now=instant)
        return _reply(meter_id, 200)

    return run_idempotent(body, withdraw)


def _reply(meter_id: int, status: int) -> Reply:
    return reply(Meter.model_validate(meter(db.session(), meter_id, readings=NEWEST)), status)
