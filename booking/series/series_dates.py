"""Which reservations are the dates of a series, and the row of the series itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import SeriesNotFound
from booking.kernel import revisions
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import FormerDate, GroupSeries, Machine, Reservation, Series, SeriesDate
from booking.offers import held_proposals
from booking.places import occupancies
from booking.quotas import quota_use
from booking.records import groups
from booking.rules.persons import Person
from booking.series.series_wishes import SeriesWish
from booking.times.recurrence import parse
from booking.times.series_times import SeriesTimes, occurrence_on

_dates = table_of(SeriesDate)
_LINK = PreparedStatement(insert(_dates).inline())


def lock(session: Session, series_id: int, revision: int | None = None) -> Series:
    """Read the series that a verb is about to change and lock it, before its reservations and machines.

    Raises SeriesNotFound, StaleRevision.
    """
    return revisions.locked(session, Series, series_id, missing=SeriesNotFound, revision=revision)


def save(session: Session, series: Series, now: datetime) -> None:
    """Store a change and bump the revision."""
    series.revision += 1
    series.changed_at = now
    session.flush()


def lock_dates(
    session: Session,
    series: Series,
    *conditions: ColumnElement[bool],
    workshop_ids: Collection[int] | None = None,
    machine_ids: Collection[int] = (),
    with_group: bool = False,
) -> Sequence[Reservation]:
    """Lock the reservations of a series that meet conditions, in the order of ids, then their quotas and machines.

    The machines that re-plans hold for them are locked, too. machine_ids: others that are locked with those.
    with_group: the group of the series before the quotas, and all of its machines. workshop_ids: only those on machines
    of these workshops, because a date may have been moved to another one. Returns them in the order of time.
    """
    if workshop_ids is not None:
        machines = select(Machine.id).where(Machine.workshop_id.in_(workshop_ids))
        conditions = (*conditions, Reservation.machine_id.in_(machines))
    wanted = (
        select(Reservation)
        .join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
        .where(SeriesDate.series_id == series.id, *conditions)
        .order_by(Reservation.id)
        .with_for_update(of=Reservation)
        .execution_options(populate_existing=True)
    )
    found = session.scalars(wanted).all()
    group_id = group_of(session, series.id) if with_group else None
    is_there = group_id is not None and groups.lock_if_there(session, group_id)
    quota_use.lock(session, [series.member_id])
    of_group: Collection[int] = groups.ranks_of(session, group_id) if group_id is not None and is_there else ()
    used = {one.machine_id for one in found}
    held = held_proposals.machines_of(session, [one.id for one in found])
    occupancies.lock_machines(session, {series.machine_id, *machine_ids, *of_group, *used, *held})
    return sorted(found, key=lambda one: (one.starts_at, one.id))


def link(session: Session, series: Series, reservations: Iterable[tuple[date, int]]) -> None:
    """Record which reservations are the dates of a series on some days; each replaces the former one of its day."""
    id_of = dict(reservations)
    unlink(session, series, id_of.keys())
    link_first(session, series.id, id_of.items())


def link_first(session: Session, series_id: int, reservations: Iterable[tuple[date, int]]) -> None:
    """Record which reservations are the dates of a series on days that never had one."""
    rows = [{"series_id": series_id, "occurs_on": day, "reservation_id": id_} for day, id_ in reservations]
    _LINK.run_many(session.connection(), rows)


def unlink(session: Session, series: Series, days: Collection[date]) -> None:
    """Take the dates of some days out of a series, which ended without use.

    Its calendar entry counts their changes for ever.
    """
    of_days = _dates.c.series_id == series.id, _dates.c.occurs_on.in_(days)
    former = select(Reservation).join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
    found = session.scalars(former.where(*of_days).order_by(Reservation.id).with_for_update(of=Reservation)).all()
    series.calendar_base += sum(one.revision + 1 for one in found)
    session.add_all(FormerDate(reservation_id=one.id) for one in found)
    session.execute(delete(_dates).where(*of_days))


def days_of(session: Session, series_id: int, reservation_ids: Collection[int]) -> dict[int, date]:
    """Return for reservations of a series, by their ids, the days of its rule that they are for."""
    statement = select(_dates.c.reservation_id, _dates.c.occurs_on).where(
        _dates.c.series_id == series_id, _dates.c.reservation_id.in_(reservation_ids)
    )
    return {row.reservation_id: row.occurs_on for row in session.execute(statement)}


def has_dates_before(session: Session, series_id: int, day: date) -> bool:
    """Return whether a day of a series before another one was ever reserved."""
    earlier = select(_dates.c.occurs_on).where(_dates.c.series_id == series_id, _dates.c.occurs_on < day)
    return session.scalar(earlier.limit(1)) is not None


def get(session: Session, series_id: int) -> Series:
    """Return a stored series, without a lock. Raises SeriesNotFound."""
    found = session.get(Series, series_id, populate_existing=True)
    if found is None:
        raise SeriesNotFound(id=series_id)
    return found


def first_start(times: SeriesTimes) -> datetime:
    """Return the instant of the first start by the rule."""
    return occurrence_on(times.wall.date(), times).span.start


def hand_on(session: Session, series: Series, to: Series, since: date) -> None:
    """Make the dates from a day of the rule on those of another series. The calendar counts their changes for ever.

    The caller has locked them.
    """
    following = _dates.c.series_id == series.id, _dates.c.occurs_on >= since
    former = select(Reservation.revision).join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
    series.calendar_base += sum(revision + 1 for revision in session.scalars(former.where(*following)))
    session.flush()
    session.execute(update(_dates).where(*following).values(series_id=to.id))


def times_of(series: Series) -> SeriesTimes:
    """Return when a stored series takes place."""
    zone, wall = ZoneInfo(series.zone), datetime.fromisoformat(series.wall_start)
    length = timedelta(minutes=series.length_min)
    return SeriesTimes(parse(series.rrule, wall, zone), zone, wall, length, series.passage)


def group_of(session: Session, series_id: int) -> int | None:
    """Return the group of which each date of a series has a machine; None for a series on one machine."""
    return session.scalar(select(GroupSeries.group_id).where(GroupSeries.series_id == series_id))


def set_group(session: Session, series_id: int, group_id: int | None) -> None:
    """Store on which group a series is; None: on its machine alone."""
    session.execute(delete(GroupSeries).where(GroupSeries.series_id == series_id))
    if group_id is not None:
        session.execute(insert(GroupSeries).values(series_id=series_id, group_id=group_id))


def wish_of(session: Session, series: Series) -> SeriesWish:
    """Return the wish that a stored series fulfils."""
    times = times_of(series)
    return SeriesWish(
        series.machine_id,
        series.member_id,
        times.rule,
        times.wall,
        times.length,
        times.passage,
        series.places,
        series.purpose,
        series.may_move_min,
        Person(series.second_person, series.second_user_id),
        group_of(session, series.id),
        choices=series.choices,
    )
