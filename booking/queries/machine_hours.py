"""How long a machine was used, week by week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.models import UsageRecord
from booking.times.wall_clock import local_day

WEEK = timedelta(days=7)


def seconds_by_week(session: Session, machine_id: int, zone: ZoneInfo, *, weeks: int, now: datetime) -> dict[date, int]:
    """Return by the Monday of each week how long the machine was out, the present week last; one statement.

    A use counts for the week in which it began; one that goes on counts up to now, and each place for itself.
    """
    today = local_day(now, zone)
    monday = _monday(today)
    mondays = [monday - WEEK * back for back in reversed(range(weeks))]
    found = dict.fromkeys(mondays, 0)
    rows = session.execute(
        select(UsageRecord.service_date, UsageRecord.handed_out_at, UsageRecord.handed_back_at, UsageRecord.places)
        .where(UsageRecord.machine_id == machine_id, UsageRecord.service_date >= mondays[0])
        .where(or_(UsageRecord.handed_back_at.is_(None), UsageRecord.handed_back_at > UsageRecord.handed_out_at))
    )
    for day, since, until, places in rows:
        week = _monday(day)
        if week in found:
            found[week] += max(int(((until or now) - since).total_seconds()), 0) * places
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
