"""Endpoint of the use of machines by day."""

from __future__ import annotations

from datetime import date

from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint
from app.api.fields import QueryId, RequestModel, ResponseModel
from app.api.use.usage import reach
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.extensions import db
from billing.limits import require_days
from booking import queries
from booking.queries.use_days import DAYS_MAX, use_days


class UseDayFilter(RequestModel):
    """A machine and a period of a year at most: "2026", "2026-11" or "2026-11-01/2026-11-15"."""

    machine_id: QueryId
    period: Period


class UseDay(ResponseModel):
    """One day of the workshop's clock. uses: how many slips have a part on it; seconds: in use, in real time.

    day_seconds: the length of the day, which is 23 or 25 hours when the clock is changed.
    """

    day: date
    uses: int
    seconds: int
    day_seconds: int


class UseDays(ResponseModel):
    """The days of a period on which a machine was used, in order. seconds: of all of them."""

    machine_id: int
    timezone: str
    seconds: int
    days: list[UseDay]


@Endpoint(
    "GET",
    "/usage/days",
    access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN),
    query=UseDayFilter,
    response=UseDays,
    errors=(404,),
)
def list_use_days(query: UseDayFilter) -> UseDays:
    """Get how long a machine was in use on each day, by the clock of its workshop; days without use are left out.

    Counted are the slips that the login may see; what is still out counts once it is back.
    """
    session, (first, last) = db.session(), days_of(query.period)
    require_days(first, last, DAYS_MAX)
    card = queries.machine_card(session, query.machine_id)
    member_id, workshop_ids = reach() or (None, None)
    found = use_days(session, first, last, machine_id=card.id, member_id=member_id, workshop_ids=workshop_ids)
    return UseDays(
        machine_id=card.id,
        timezone=card.zone.key,
        seconds=sum(one.seconds for one in found),
        days=[UseDay(day=one.day, uses=one.uses, seconds=one.seconds, day_seconds=one.day_seconds) for one in found],
    )
