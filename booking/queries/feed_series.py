"""Series for calendar feeds: the rule of each, and its dates as entries, those before the window included."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from booking.kernel.orm import table_of
from booking.kernel.views import columns_of
from booking.models import FollowingSeries, Machine, Reservation, Series, SeriesDate, Workshop
from booking.queries.feeds import ENTRY_COLUMNS, FeedEntry, Reader, owner, owner_column
from booking.times.recurrence import parse
from booking.times.series_times import SeriesTimes


class FeedSeriesMark(NamedTuple):
    """All that the text of a series depends on, as numbers that grow with each change of it or of one of its dates."""

    id: int
    revision: int
    calendar_base: int
    dates: int
    revisions: int
    machine_revisions: int
    workshop_revisions: int

    @property
    def sequence(self) -> int:
        """The SEQUENCE of its calendar entry: it grows with every change of the series and of each of its dates."""
        return self.revision + self.calendar_base + self.revisions + self.dates


class FeedSeries(NamedTuple):
    """A series for a calendar. dates: its entries that belong to the feed by the day of the rule."""

    mark: FeedSeriesMark
    uid: str
    times: SeriesTimes
    changed_at: datetime
    dates: dict[date, FeedEntry]


class _StoredSeries(NamedTuple):
    id: int
    uid: str
    rrule: str
    zone: str
    wall_start: str
    length_min: int
    passage: int | None
    changed_at: datetime


_series, _dates, _reservation = map(table_of, (Series, SeriesDate, Reservation))
_machine, _workshop, _following = map(table_of, (Machine, Workshop, FollowingSeries))
_STORED = columns_of(_StoredSeries, _series)


def feed_series_marks(reader: Reader, series_ids: Collection[int]) -> dict[int, FeedSeriesMark]:
    """Return the marks of series by their ids."""
    statement = (
        select(
            _series.c.id,
            _series.c.revision,
            _series.c.calendar_base,
            func.count(),
            func.sum(_reservation.c.revision),
            func.sum(_machine.c.revision),
            func.sum(_workshop.c.revision),
        )
        .join_from(_series, _dates)
        .join(_reservation, _reservation.c.id == _dates.c.reservation_id)
        .join(_machine, _machine.c.id == _reservation.c.machine_id)
        .join(_workshop)
        .where(_series.c.id.in_(series_ids))
        .group_by(_series.c.id, _series.c.revision, _series.c.calendar_base)
    )
    return {row[0]: FeedSeriesMark(*map(int, row)) for row in reader.execute(statement)}


def with_former(
    reader: Reader, series_ids: Collection[int], *, workshop_ids: Collection[int] | None = None
) -> set[int]:
    """Return series and those whose later dates they took over, which ended earlier by that.

    workshop_ids: only series on machines of these workshops; None: of all.
    """
    former = select(_following.c.follows_id).where(_following.c.series_id.in_(series_ids))
    found = {*series_ids, *(row.follows_id for row in reader.execute(former))}
    if workshop_ids is None:
        return found
    there = select(_series.c.id).join_from(_series, _machine, _machine.c.id == _series.c.machine_id)
    there = there.where(_series.c.id.in_(found), _machine.c.workshop_id.in_(workshop_ids))
    return {row.id for row in reader.execute(there)}


def feed_series(
    reader: Reader,
    marks: Collection[FeedSeriesMark],
    *,
    member_id: int | None = None,
    machine_id: int | None = None,
    workshop_id: int | None = None,
) -> Sequence[FeedSeries]:
    """Return series in the order of their ids, with those of their dates that belong to a member, machine or workshop.

    However long ago a date was: a rule without its exceptions would bring it back.
    """
    mark_of = {mark.id: mark for mark in marks}
    of, owner_id = owner(member_id, machine_id, workshop_id)
    entries = (
        select(_dates.c.occurs_on, *ENTRY_COLUMNS)
        .join_from(_dates, _reservation, _reservation.c.id == _dates.c.reservation_id)
        .join(_machine, _machine.c.id == _reservation.c.machine_id)
        .join(_workshop)
        .where(_dates.c.series_id.in_(mark_of), owner_column(of) == owner_id)
    )
    found: dict[int, dict[date, FeedEntry]] = {series_id: {} for series_id in mark_of}
    for day, *row in reader.execute(entries):
        entry = FeedEntry._make(row)
        assert entry.series_id is not None
        found[entry.series_id][day] = entry
    stored = reader.execute(select(*_STORED).where(_series.c.id.in_(mark_of)).order_by(_series.c.id))
    return [
        FeedSeries(mark_of[one.id], one.uid, _times(one), one.changed_at, found[one.id])
        for one in map(_StoredSeries._make, stored)
    ]


def _times(stored: _StoredSeries) -> SeriesTimes:
    zone, wall = ZoneInfo(stored.zone), datetime.fromisoformat(stored.wall_start)
    rule = parse(stored.rrule, wall, zone)
    return SeriesTimes(rule, zone, wall, timedelta(minutes=stored.length_min), stored.passage)
