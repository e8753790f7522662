"""The use of machines day by day, by the clock of their workshops: a day of 23 or of 25 hours is as long as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from booking.models import Machine, UsageRecord, Workshop
from booking.times.wall_clock import by_local_day, first_instant, length_of_day

DAYS_MAX = 366  # of one report
LONGEST_USE = timedelta(days=366)  # bounds how far back of a report a use can have begun that reaches into it


@dataclass(frozen=True, slots=True)
class UseDay:
    """What a machine ran on one day of its workshop's clock. uses: of these slips a part lies on the day.

    seconds: real time from hand-out to hand-back, uses at the same time each for itself. day_seconds: of the whole day.
    """

    day: date
    machine_id: int
    machine_name: str
    uses: int
    seconds: int
    day_seconds: int


def use_days(
    session: Session,
    since: date,
    until: date,
    *,
    machine_id: int | None = None,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
) -> tuple[UseDay, ...]:
    """Return the days of a period, both included, on which machines were used, by day and the name of the machine.

    What is still out counts once it is back. machine_id: only this one. member_id, workshop_ids: only the uses of a
    member and those of some workshops; None for both: all.
    """
    statement = _uses(since, until)
    if machine_id is not None:
        statement = statement.where(UsageRecord.machine_id == machine_id)
    if member_id is not None or workshop_ids is not None:
        own = UsageRecord.member_id == member_id if member_id is not None else false()
        statement = statement.where(or_(own, Machine.workshop_id.in_(workshop_ids or ())))
    names: dict[int, tuple[str, ZoneInfo]] = {}
    seconds: dict[tuple[date, int], int] = defaultdict(int)
    uses: dict[tuple[date, int], int] = defaultdict(int)
    for used_id, name, zone_name, start, end in session.execute(statement):
        _name, zone = names.setdefault(used_id, (name, ZoneInfo(zone_name)))
        for day, part in by_local_day(start, end or start, zone):
            if not since <= day <= until:
                continue
            seconds[day, used_id] += int(part.total_seconds())
            uses[day, used_id] += 1
    ordered = sorted(seconds, key=lambda key: (key[0], names[key[1]][0], key[1]))
    return tuple(_use_day(day, one, names[one], uses[day, one], seconds[day, one]) for day, one in ordered)


def _use_day(day: date, machine_id: int, named: tuple[str, ZoneInfo], uses: int, seconds: int) -> UseDay:
    name, zone = named
    return UseDay(day, machine_id, name, uses, seconds, int(length_of_day(day, zone).total_seconds()))


def _uses(since: date, until: date) -> Select[int, str, str, datetime, datetime | None]:
    """Return the statement of the uses that can have a part in a period."""
    return (
        select(
            UsageRecord.machine_id,
            Machine.name,
            Workshop.timezone,
            UsageRecord.handed_out_at,
            UsageRecord.handed_back_at,
        )
        .join(Machine, Machine.id == UsageRecord.machine_id)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(
            UsageRecord.handed_out_at < _at(until, 2),
            UsageRecord.handed_out_at > _at(since, -1) - LONGEST_USE,
            UsageRecord.handed_back_at > _at(since, -1),
        )
    )


def _at(day: date, days_later: int) -> datetime:
    """Return midnight of a day in UTC, so many days later: no clock is more than a day away."""
    return first_instant(datetime.combine(day + timedelta(days=days_later), time()), ZoneInfo("UTC"))
