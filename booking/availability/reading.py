"""What the search for free time reads: what holds the places of machines, and the eligibility of a member."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, TypeDecorator, and_, bindparam, select, type_coerce
from sqlalchemy.orm import Session

from booking.availability.starts import Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel.orm import UtcDateTime, table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.read_cache import cached_read
from booking.members import prerequisites
from booking.members.members import INDUCTED
from booking.members.prerequisites import Requirements
from booking.models import Induction, Member, Occupancy, Unit
from booking.places import held_spans
from booking.records import catalogue
from booking.rules.eligibility import MemberEligibility
from booking.rules.persons import Inducted, Person, of_person
from booking.timespan import TimeSpan


class _WholeSeconds(TypeDecorator[int]):
    """An instant that is read as whole seconds since 1970, rounded down or up.

    Searches count in them. Most instants lie on the grid of some machine, so that many rows have the same: on SQLite
    the text of each is converted once, which takes a quarter of the time of a row.
    """

    impl = UtcDateTime
    cache_ok = True

    def __init__(self, rounded: Callable[[datetime], int]) -> None:
        super().__init__()
        self.rounded = rounded

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int]:
        instant_of = UtcDateTime().result_processor(dialect, coltype)
        if dialect.name != "sqlite":
            return lambda stored: self.rounded(instant_of(stored))
        return lru_cache(maxsize=INSTANTS_MAX)(lambda stored: self.rounded(instant_of(stored)))


INSTANTS_MAX = 2_048  # those of three weeks by the quarter of an hour
# Rows of what holds places: place, hold, from, until (in seconds).
HOLDING_ROWS = held_spans.holding(
    Occupancy.unit_id,
    Occupancy.hold_id,
    type_coerce(Occupancy.occupied_from, _WholeSeconds(floor_timestamp)),
    type_coerce(Occupancy.occupied_until, _WholeSeconds(ceil_timestamp)),
)

_member, _induction = table_of(Member), table_of(Induction)
_ELIGIBILITY = PreparedStatement(
    select(_member.c.left_on, _induction.c.kind_id, *INDUCTED)
    .join_from(
        _member,
        _induction,
        and_(_induction.c.member_id == _member.c.id, _induction.c.ended_at.is_(None)),
        isouter=True,
    )
    .where(_member.c.id == bindparam("member_id"))
    .order_by(_induction.c.kind_id, _induction.c.given_on, _induction.c.id)
)

Held = dict[int, list[Interval]]  # place -> what holds it (from, until), in order of time


def places_of(session: Session, machine_ids: Collection[int]) -> dict[int, list[int]]:
    """Return the ids of the places of each machine that has any."""
    places: dict[int, list[int]] = {}
    rows = session.execute(
        select(Unit.machine_id, Unit.id).where(Unit.machine_id.in_(machine_ids), Unit.retired_at.is_(None))
    )
    for machine_id, unit_id in rows:
        places.setdefault(machine_id, []).append(unit_id)
    return places


def held_places(session: Session, machine_ids: Collection[int], during: Interval, excluding: int | None = None) -> Held:
    """Return what holds the places of machines during an interval; excluding: a reservation that is to be moved."""
    span = TimeSpan(from_timestamp(during[0]), from_timestamp(during[1]))
    held: Held = {}
    rows = session.connection().execute(HOLDING_ROWS, held_spans.during(machine_ids, span)).all()
    for unit_id, hold_id, held_from, held_until in rows:
        if excluding is None or hold_id != excluding:
            held.setdefault(unit_id, []).append((held_from, held_until))
    for intervals in held.values():
        intervals.sort()
    return held


def busy_spans(
    session: Session, machine_id: int, span: TimeSpan, *, excluding: int | None = None
) -> tuple[TimeSpan, ...]:
    """Return when something holds a machine with one place around a span of working time, in order, without names.

    Set-up before and cleaning after the span count, as do those of what holds it.
    Raises MachineNotFound.
    """

    def read() -> tuple[TimeSpan, ...]:
        occupied = cached_terms(session, machine_id).policy.occupied_by(span)
        during = floor_timestamp(occupied.start), ceil_timestamp(occupied.end)
        held = held_places(session, [machine_id], during, excluding)
        spans = (interval for intervals in held.values() for interval in intervals)
        return tuple(TimeSpan(from_timestamp(since), from_timestamp(until)) for since, until in spans)

    return cached_read(session, ("busy spans", machine_id, span, excluding), read)


def cached_terms(session: Session, machine_id: int) -> catalogue.MachineTerms:
    """Return catalogue.lending_terms(), read once for a version of the database. Raises MachineNotFound."""
    return cached_read(session, ("terms", machine_id), lambda: catalogue.lending_terms(session, machine_id))


@dataclass(frozen=True, slots=True)
class EligibilityByKind:
    """The eligibility of a member for machines of every kind of induction."""

    inductions: dict[int, tuple[Inducted, ...]]
    left_on: date | None
    requirements: Requirements

    @property
    def key(self) -> Hashable:
        """Equal for members whose wishes are judged alike."""
        return self.left_on, tuple(sorted(self.inductions.items())), tuple(sorted(self.requirements.items()))

    def of_kind(self, induction_kind_id: int | None, person: Person | None = None) -> MemberEligibility:
        """Return the eligibility for a machine that needs this induction, or none.

        person: only what holds for this person; None: for anybody of the member.
        """
        inducted = self.inductions if person is None else of_person(self.inductions, person)
        return prerequisites.eligibility(induction_kind_id, inducted, self.requirements, self.left_on)


def eligibility_by_kind(session: Session, member_id: int) -> EligibilityByKind:
    """Return all inductions of a member, what their kinds require, and the day of leaving. Raises MemberNotFound."""
    rows = _ELIGIBILITY.all(session.connection(), {"member_id": member_id})
    if not rows:
        raise MemberNotFound(id=member_id)
    inductions: dict[int, tuple[Inducted, ...]] = {}
    for row in rows:
        if row.kind_id is not None:  # a member without any has one row
            _left_on, _kind_id, *one = row
            inductions[row.kind_id] = (*inductions.get(row.kind_id, ()), Inducted(*one))
    return EligibilityByKind(inductions, rows[0].left_on, prerequisites.requirements(session))
