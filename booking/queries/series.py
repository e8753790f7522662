"""Series: one, those of a member or of workshops, and the dates of one with what became of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row, false, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import SeriesNotFound
from booking.models import (
    FollowingSeries,
    GroupSeries,
    Machine,
    MachineGroup,
    Member,
    Reservation,
    Series,
    SeriesDate,
    Status,
    Workshop,
)
from booking.queries.reservation_views import ReservationView, view, views
from booking.times import series_times
from booking.times.recurrence import RecurrenceRule, parse
from booking.times.series_times import Occurrence, SeriesTimes


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series with the names that people need to recognise it. times: its rule, first start and length by the clock.

    machine_name: of the machine of the rule; a date may have been moved to another one. group_id: each date has the
    machine of this group that was free, and machine_id is the one that most of them got. follows_id: the series whose
    later dates it took over.
    """

    id: int
    uid: str
    machine_id: int
    machine_slug: str
    machine_name: str
    workshop_id: int
    workshop_name: str
    member_id: int
    member_name: str
    times: SeriesTimes
    places: int
    purpose: str
    revision: int
    created_at: datetime
    changed_at: datetime
    first_starts_at: datetime
    may_move_min: int
    follows_id: int | None
    group_id: int | None
    group_name: str
    choices: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is a series of: its group or its machine."""
        return self.group_name or self.machine_name

    @property
    def rule(self) -> RecurrenceRule:
        """The rule."""
        return self.times.rule

    @property
    def zone(self) -> ZoneInfo:
        """The zone by whose clock it lives."""
        return self.times.zone


@dataclass(frozen=True, slots=True)
class SeriesDateView:
    """One date of a series. reservation: None for one that was skipped."""

    occurrence: Occurrence
    reservation: ReservationView | None

    @property
    def is_held(self) -> bool:
        """Whether it is reserved, or was used."""
        return self.reservation is not None and self.reservation.status not in _RELEASED


class SeriesOfDate(NamedTuple):
    """Of which series a reservation is a date. workshop_id: of the series; the date may have been moved elsewhere."""

    id: int
    member_id: int
    workshop_id: int


_RELEASED = (Status.REJECTED, Status.CANCELLED, Status.EXPIRED)
_VIEWS = (
    select(
        Series,
        Machine.slug,
        Machine.name,
        Machine.workshop_id,
        Workshop.name,
        Member.name,
        FollowingSeries.follows_id,
        MachineGroup.id,
        MachineGroup.name,
    )
    .join(Machine, Machine.id == Series.machine_id)
    .join(Workshop, Workshop.id == Machine.workshop_id)
    .join(Member, Member.id == Series.member_id)
    .outerjoin(FollowingSeries, FollowingSeries.series_id == Series.id)
    .outerjoin(GroupSeries, GroupSeries.series_id == Series.id)
    .outerjoin(MachineGroup, MachineGroup.id == GroupSeries.group_id)
)


def series(session: Session, series_id: int) -> SeriesView:
    """Return one series. Raises SeriesNotFound."""
    row = session.execute(_VIEWS.where(Series.id == series_id)).one_or_none()
    if row is None:
        raise SeriesNotFound(id=series_id)
    return _view(row)


def series_id_of_uid(session: Session, uid: str) -> int | None:
    """Return the series that was entered with a uid, None where none was."""
    return session.scalar(select(Series.id).where(Series.uid == uid))


def following_series(session: Session, series_id: int) -> tuple[int, ...]:
    """Return the series that took over later dates of a series, in the order in which they were made."""
    following = select(FollowingSeries.series_id).where(FollowingSeries.follows_id == series_id)
    return tuple(session.scalars(following.order_by(FollowingSeries.series_id)))


def series_list(
    session: Session,
    *,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    or_member_id: int | None = None,
    before: int | None = None,
    limit: int = 20,
) -> tuple[SeriesView, ...]:
    """Return series, the newest first; those of a member, or of machines of workshops. before: the id of the last one.

    None: of any member, of any workshop. An empty collection of workshops matches nothing. or_member_id: whose series
    are found whatever their workshop.
    """
    statement = _VIEWS.order_by(Series.id.desc()).limit(limit)
    if member_id is not None:
        statement = statement.where(Series.member_id == member_id)
    if workshop_ids is not None:
        in_workshops = Machine.workshop_id.in_(workshop_ids)
        own = false() if or_member_id is None else Series.member_id == or_member_id
        statement = statement.where(or_(in_workshops, own))
    if before is not None:
        statement = statement.where(Series.id < before)
    return tuple(_view(row) for row in session.execute(statement))


def series_dates(session: Session, found: SeriesView) -> tuple[SeriesDateView, ...]:
    """Return all dates of a series in the order of its rule, with their reservations."""
    statement = (
        views()
        .add_columns(SeriesDate.occurs_on)
        .join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
        .where(SeriesDate.series_id == found.id)
    )
    reservations = {row.occurs_on: view(row) for row in session.execute(statement)}
    return tuple(SeriesDateView(one, reservations.get(one.day)) for one in series_times.stored_occurrences(found.times))


def series_of_reservations(session: Session, reservation_ids: Collection[int]) -> Mapping[int, SeriesOfDate]:
    """Return the series of each reservation that is a date of one, by the id of the reservation."""
    statement = (
        select(SeriesDate.reservation_id, Series.id, Series.member_id, Machine.workshop_id)
        .join(Series, Series.id == SeriesDate.series_id)
        .join(Machine, Machine.id == Series.machine_id)
        .where(SeriesDate.reservation_id.in_(reservation_ids))
    )
    return {reservation_id: SeriesOfDate(*found) for reservation_id, *found in session.execute(statement)}


def _view(row: Row[*tuple[Any, ...]]) -> SeriesView:
    stored, slug, machine_name, workshop_id, workshop_name, member_name, follows_id, group_id, group_name = row
    zone, wall = ZoneInfo(stored.zone), datetime.fromisoformat(stored.wall_start)
    rule = parse(stored.rrule, wall, zone)
    return SeriesView(
        id=stored.id,
        uid=stored.uid,
        machine_id=stored.machine_id,
        machine_slug=slug,
        machine_name=machine_name,
        workshop_id=workshop_id,
        workshop_name=workshop_name,
        member_id=stored.member_id,
        member_name=member_name,
        times=SeriesTimes(rule, zone, wall, timedelta(minutes=stored.length_min), stored.passage),
        places=stored.places,
        purpose=stored.purpose,
        revision=stored.revision,
        created_at=stored.created_at,
        changed_at=stored.changed_at,
        first_starts_at=stored.first_starts_at,
        may_move_min=stored.may_move_min,
        follows_id=follows_id,
        group_id=group_id,
        group_name=group_name or "",
        choices=stored.choices,
    )
